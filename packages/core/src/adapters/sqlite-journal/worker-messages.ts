/**
 * What the event loop and the journal's thread say to each other. Requests go in order over one port. Most
 * answers are messages; the two calls that must return at once have their own port and a flag to sleep on.
 */
import type { MessagePort } from 'node:worker_threads';
import { type ErrorCode, type ErrorDetails, type Outcome, QuorateError } from '@quorate/wire';
import type { JournalIdentity, OpenedJournal, PeerRecord } from '../../ports/journal.ts';
import { journalTrouble } from '../journal-common/trouble.ts';

export type WorkerStart = {
  readonly directory: string;
  readonly identity: JournalIdentity;
  /** Where answers to `read` and `remember` go. */
  readonly answers: MessagePort;
  /** One 32-bit cell: becomes 1 when such an answer is in its port. */
  readonly answered: SharedArrayBuffer;
};

export type ToWorker =
  /** `bytes` as `encodeWrites` makes them. */
  | { readonly kind: 'append'; readonly bytes: Uint8Array }
  | {
      readonly kind: 'read';
      readonly fromSlot: number;
      readonly untilSlot: number;
      readonly maxBytes: number;
    }
  | { readonly kind: 'remember'; readonly record: PeerRecord }
  | { readonly kind: 'close' };

export type FromWorker =
  | { readonly kind: 'opened'; readonly opened: OpenedJournal }
  /** The oldest `count` appends are durable. */
  | { readonly kind: 'committed'; readonly count: number; readonly flush: FlushPercentiles }
  /** Final: nothing is durable from here on. */
  | { readonly kind: 'failed'; readonly error: PlainError }
  | { readonly kind: 'closed' };

export type WorkerAnswer =
  | { readonly kind: 'entries'; readonly bytes: Uint8Array }
  | { readonly kind: 'remembered' }
  | { readonly kind: 'failed'; readonly error: PlainError };

export type FlushPercentiles = { readonly p50: number; readonly p99: number };

/** An error without its class, which does not survive the crossing. */
export type PlainError = {
  readonly code: ErrorCode;
  readonly message: string;
  readonly outcome: Outcome;
  readonly details: ErrorDetails;
};

export function toPlain(error: unknown, directory: string): PlainError {
  const { code, message, outcome, details } = journalTrouble(directory, 'the journal thread', error);
  return { code, message, outcome, details };
}

export function fromPlain({ code, message, outcome, details }: PlainError): QuorateError {
  return new QuorateError(code, message, { outcome, details });
}
