/**
 * What a change of leader means for those who wait at this node, and when a leader that cannot serve should give way.
 */
import type { NodeId } from '../protocol/types.ts';
import type { EngineOptions } from './engine-options.ts';
import type { Forwarder } from './forwarder.ts';
import type { Proposals } from './proposals.ts';
import type { ReplicaHost } from './replica-host.ts';
import type { EngineCounters } from './status.ts';

export type LeadershipParts = {
  readonly replica: ReplicaHost;
  readonly proposals: Proposals;
  readonly forwarder: Forwarder;
  readonly counters: EngineCounters;
};

export class LeadershipWatch {
  readonly #options: EngineOptions;
  readonly #parts: LeadershipParts;
  readonly #replica: ReplicaHost;
  #lastLeader: NodeId | undefined;
  #wasLeader = false;
  #ledSinceMs = 0;

  constructor(options: EngineOptions, parts: LeadershipParts) {
    this.#options = options;
    this.#parts = parts;
    this.#replica = parts.replica;
  }

  /** Role, ballot or known leader may have changed. */
  onRoleChange(): void {
    const { proposals, forwarder, counters } = this.#parts;
    const { clock, logger } = this.#options;
    const leads = this.#replica.role === 'leader';
    const leader = this.#replica.leader;
    if (this.#wasLeader && !leads) proposals.abandon();
    if (!this.#wasLeader && leads) {
      counters.elections += 1;
      this.#ledSinceMs = clock.monotonicMs();
    }
    this.#wasLeader = leads;
    if (leader === this.#lastLeader) return;
    if (this.#lastLeader !== undefined) forwarder.abandon(this.#lastLeader);
    this.#lastLeader = leader;
    logger.info(leader === undefined ? 'no leader' : 'leader', {
      leader: leader ?? 0,
      role: this.#replica.role,
    });
  }

  /**
   * A leader whose backend cannot store answers no write: somebody else should lead. Not at once, and not sooner than a
   * few election timeouts after it was elected, so that backends that are all away do not chase leadership around.
   * @param unwellMs for how long the backend has not been well; 0 when it is
   */
  handOverWhenUnwell(unwellMs: number): void {
    const { clock, limits } = this.#options;
    const { electionTimeoutMs } = limits.protocol;
    if (this.#replica.role !== 'leader' || unwellMs < electionTimeoutMs) return;
    if (clock.monotonicMs() - this.#ledSinceMs >= electionTimeoutMs * 3)
      this.#replica.feed({ kind: 'resign' });
  }
}
