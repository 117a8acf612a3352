/** What applying needs of the node around it, and what it tells it. */
import type { QuorateError } from '@quorate/wire';
import type { Backend, BackendImage } from '../ports/backend.ts';
import type { Clock } from '../ports/clock.ts';
import type { Journal } from '../ports/journal.ts';
import type { Logger } from '../ports/logger.ts';
import type { Slot, Value } from '../protocol/types.ts';
import type { Batch } from './batcher.ts';
import type { Checksum as ChainChecksum } from './digest-chain.ts';
import type { RuntimeLimits } from './limits.ts';

export type ApplierHandlers = {
  /** The backend stored everything up to `slot`. */
  onApplied(slot: Slot): void;
  /** Who waits for the answers of `slot`, if this node proposed exactly this value. */
  waitersOf(slot: Slot, value: Value): Batch | undefined;
  /** Asynchronous work ended: answers may wait to be sent. */
  onProgress(): void;
  /**
   * The store was opened again, and may be another one. `isKnown`: its mark is one that this node reached, and was compared
   * with it. May fence the store.
   */
  onReopened(isKnown: boolean): void;
  /** The backend is fenced from now on. */
  onFenced(detail: string): void;
  /** The journal cannot be read: the node must not go on. */
  onJournalFailure(error: QuorateError): void;
};

export type ApplierOptions = {
  readonly backend: Backend;
  /** Undefined: the store could not be opened, and `reopen` is tried until it can. */
  readonly image: BackendImage | undefined;
  /** Opens the backend again; what it holds then may be older than what it held. */
  readonly reopen: () => Promise<BackendImage>;
  readonly clusterId: string;
  readonly group: number;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly limits: RuntimeLimits;
  readonly checksum: ChainChecksum;
  readonly handlers: ApplierHandlers;
};
