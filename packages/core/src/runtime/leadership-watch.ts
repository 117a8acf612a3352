/**
 * What a change of leader means for those who wait at this node, and when a leader that cannot serve should give way.
 */
import type { NodeId } from '../protocol/types.ts';
import type { EngineOptions } from './engine-options.ts';
import type { Forwarder } from './forwarder.ts';
import type { Proposals } from './proposals.ts';
import type { ReplicaHost } from './replica-host.ts';
import type { EngineCounters } from './status.ts';

/** Election timeouts that a new leader has to try in, whatever its backend does. */
const TRIAL_TIMEOUTS = 3;
/** The trial doubles with every time that this node gave leadership away in vain, up to eight times its length. */
const MAX_DOUBLINGS = 3;

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
  /** Asked the replica, since it leads, to hand over because the backend is not well. */
  #isGivingAway = false;
  /** Times in a row that it gave leadership away and came to lead again with a backend that was not well. */
  #givenAway = 0;

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
    if (this.#wasLeader && !leads) {
      if (this.#isGivingAway) this.#givenAway += 1;
      this.#isGivingAway = false;
      proposals.abandon();
    }
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
   * A leader whose backend cannot store answers no write: somebody else should lead. Not at once, and not before the new
   * leader's trial is over; the trial becomes longer, so that nodes whose backends are all away do not keep chasing
   * leadership around. A lone node has nobody to hand over to. Called on every tick.
   * @param unwellMs for how long the backend has not been well; 0 when it is
   */
  handOverWhenUnwell(unwellMs: number): void {
    const { addrs, clock, limits } = this.#options;
    if (this.#replica.role !== 'leader' || addrs.length === 1 || this.#isGivingAway) return;
    const { electionTimeoutMs } = limits.protocol;
    const ledMs = clock.monotonicMs() - this.#ledSinceMs;
    const trialMs = electionTimeoutMs * TRIAL_TIMEOUTS * 2 ** Math.min(this.#givenAway, MAX_DOUBLINGS);
    if (ledMs < trialMs) return;
    if (unwellMs === 0) this.#givenAway = 0;
    if (unwellMs < electionTimeoutMs) return;
    this.#isGivingAway = true;
    this.#replica.feed({ kind: 'resign', at: this.#replica.now() });
  }
}
