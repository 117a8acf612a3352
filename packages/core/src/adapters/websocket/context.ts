/**
 * What all parts of the peer transport share: who we are, the bounds, the owner's decisions, clock, logger and
 * counters. Also the two moments at which a greeting ends in a refusal, so that each is counted and told once.
 */
import type { ErrorCode } from '@quorate/wire';
import type { Clock } from '../../ports/clock.ts';
import type { LogFields, Logger } from '../../ports/logger.ts';
import type { TransportHandlers } from '../../ports/transport.ts';
import type { NodeId } from '../../protocol/types.ts';
import type { Admission, LocalIdentity, Refusal } from './admission.ts';
import { CLOSE_REFUSED, printable } from './close-codes.ts';
import { Counters } from './counters.ts';
import { encodeReject, type Reject } from './hello.ts';
import type { PeerLimits } from './limits.ts';
import type { PeerSocket } from './peer-socket.ts';

/** The same trouble is told to people this often; all of it is counted. */
const REPEAT_WARNING_MS = 10_000;

export type PeerContextOptions = {
  readonly identity: LocalIdentity;
  readonly processNonce: string;
  readonly limits: PeerLimits;
  readonly clock: Clock;
  readonly logger: Logger;
  /** From [0, 1). */
  readonly random: () => number;
  readonly admitPeer: (
    node: NodeId,
    storageId: string,
    incarnation: number,
    processNonce: string,
  ) => Admission;
  readonly onDisowned: (peer: NodeId, message: string) => void;
};

export class PeerContext {
  readonly options: PeerContextOptions;
  readonly counters: Counters = new Counters();
  /** Undefined until the transport is started, and again when it is closed. */
  handlers: TransportHandlers | undefined;
  /** By subject; bounded by the number of nodes and codes. */
  readonly #warnedAtMs = new Map<string, number>();

  constructor(options: PeerContextOptions) {
    this.options = options;
  }

  /** We refuse: the other side is told why, then the socket is closed. `peer` is 0 when it is not known. */
  refuse(socket: PeerSocket, refusal: Refusal, peer: number, remote: string): void {
    this.counters.add(`refused.${refusal.code}`);
    this.warn(`refused ${refusal.code} ${peer}`, 'refused a connection of a node', {
      ...refusal,
      peer,
      remote,
    });
    socket.send(encodeReject(refusal.code, refusal.message));
    socket.close(CLOSE_REFUSED, `${refusal.code}: ${refusal.message}`);
  }

  /** The other side refused us. Being told that our storage is not ours is for the owner to act upon. */
  refusedBy(peer: NodeId, reject: Reject): void {
    const code: ErrorCode | 'UNKNOWN' = reject.code ?? 'UNKNOWN';
    const message = printable(reject.message);
    this.counters.add(`refusedByPeer.${code}`);
    this.warn(`refused by ${code} ${peer}`, 'refused by a node', { peer, code, message });
    if (code === 'STORAGE_REPLACED') this.options.onDisowned(peer, message);
  }

  /** A warning, or a debug line when the same subject was warned about a moment ago. */
  warn(subject: string, message: string, fields: LogFields): void {
    const nowMs = this.options.clock.monotonicMs();
    const lastMs = this.#warnedAtMs.get(subject);
    if (lastMs !== undefined && nowMs - lastMs < REPEAT_WARNING_MS) {
      this.options.logger.debug(message, fields);
      return;
    }
    this.#warnedAtMs.set(subject, nowMs);
    this.options.logger.warn(message, fields);
  }
}
