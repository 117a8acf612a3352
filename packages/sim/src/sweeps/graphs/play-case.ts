/**
 * Plays one case: a healthy cluster with a chosen leader, the links of a graph and no others from one moment on,
 * and what must follow.
 *
 * Where some node reaches a majority directly, writes are answered again within RECOVER_TIMEOUTS election time-outs,
 * keep being answered, and leadership is calm afterwards. Where none does, nothing is chosen any more, nobody leads,
 * and the elections that fail stay few. In both, healing the links brings the cluster together.
 * Ref: Omni-Paxos (EuroSys 2023) section 3 for the three scenarios that every graph here contains or not.
 */
import type { NodeId } from '@quorate/core/protocol';
import { Violation } from '../../sim-event.ts';
import type { TraceOptions } from '../../trace.ts';
import { complaintOf, quietProfile, Stage } from '../stage.ts';
import type { GraphCase } from './graph-case.ts';
import { cutsOf, quorumConnected } from './link-graph.ts';
import { Witness } from './witness.ts';

/** From the moment when the links break until a write proposed after it is answered. */
export const RECOVER_TIMEOUTS = 4;
/** After the recovery the cluster is watched for so long. */
const STABLE_TIMEOUTS = 5;
/** Elections won in that time. */
export const MAX_LEADER_CHANGES = 2;
/** A leader without a quorum needs one election time-out to notice, and a tick. */
const QUIET_AFTER_TIMEOUTS = 1.5;
const LONELY_TIMEOUTS = 6;
/** Pre-votes of one node per election time-out. Each waits half a time-out for its answers. */
export const MAX_PRE_VOTES_PER_TIMEOUT = 3;
/** Entries that the stale node missed: more than two windows. */
const MISSED_WRITES = 20;
const WINDOW_SLOTS = 8;

export type CaseReport = {
  /** Undefined where no node is quorum-connected. */
  readonly recoveredTimeouts: number | undefined;
  /** Elections won after the recovery. */
  readonly leaderChanges: number;
  /** Of the busiest node. */
  readonly preVotesPerTimeout: number;
  readonly events: number;
};

export type CaseVerdict =
  | { readonly ok: true; readonly report: CaseReport }
  | { readonly ok: false; readonly complaint: string };

export function playCase(graphCase: GraphCase, seed: number, trace?: TraceOptions): CaseVerdict {
  const profile = quietProfile(graphCase.graph.nodeCount, { windowSlots: WINDOW_SLOTS });
  const stage = new Stage({ seed, profile, ...(trace === undefined ? {} : { trace }) });
  try {
    return { ok: true, report: new Play(stage, graphCase).run() };
  } catch (error) {
    return { ok: false, complaint: complaintOf(error) };
  }
}

class Play {
  readonly #stage: Stage;
  readonly #case: GraphCase;
  readonly #witness: Witness;
  readonly #timeoutMs: number;
  #isJudged = false;

  constructor(stage: Stage, graphCase: GraphCase) {
    this.#stage = stage;
    this.#case = graphCase;
    this.#witness = new Witness(stage);
    this.#timeoutMs = stage.world.profile.limits.electionTimeoutMs;
  }

  run(): CaseReport {
    const { stale, leader } = this.#case;
    this.#elect(leader);
    if (stale !== undefined) this.#leaveBehind(stale);
    const cutMs = this.#breakLinks();
    this.#offerWrites(cutMs);
    const judged =
      quorumConnected(this.#case.graph).length > 0
        ? this.#judgeRecovery(cutMs)
        : this.#judgeLoneliness(cutMs);
    this.#isJudged = true;
    const preVotesPerTimeout = this.#preVotesPerTimeout(cutMs);
    this.#stage.comeTogether();
    return { ...judged, preVotesPerTimeout, events: this.#stage.world.scheduler.events };
  }

  /** The chosen node asks first, before anybody's timer. */
  #elect(leader: NodeId): void {
    const stage = this.#stage;
    stage.bootAll();
    stage.runFor(this.#timeoutMs * 0.04);
    stage.world.ask(leader, (host) => host.campaign());
    const leads = stage.runUntil(
      this.#timeoutMs,
      () =>
        stage.isLeader(leader) &&
        stage.world.nodes.every((node) => stage.world.view(node)?.leader === leader),
    );
    if (!leads)
      throw new Violation(
        'CORE-CONVERGE',
        `node ${leader} asked first and does not lead the healthy cluster`,
      );
    this.#write(3);
  }

  /** One after another, each answered before the next. */
  #write(count: number): void {
    for (let index = 0; index < count; index++) {
      const before = this.#witness.answers.length;
      this.#witness.offerWrites();
      const answered = this.#stage.runUntil(this.#timeoutMs, () => this.#witness.answers.length > before);
      if (!answered) throw new Violation('CORE-CONVERGE', 'the healthy cluster does not answer a write');
    }
  }

  #leaveBehind(stale: NodeId): void {
    const { network, nodes } = this.#stage.world;
    for (const peer of nodes) {
      if (peer === stale) continue;
      network.cut(stale, peer);
      network.cut(peer, stale);
    }
    this.#stage.runFor(this.#timeoutMs * 0.3);
    this.#write(MISSED_WRITES);
  }

  /** In the middle of some writes. Returns when. */
  #breakLinks(): number {
    const { network, profile, nodes } = this.#stage.world;
    for (let index = 0; index < 3; index++) this.#witness.offerWrites();
    this.#stage.runFor(this.#timeoutMs * 0.004);
    // Noticed only long after everything has been judged.
    if (this.#case.detection === 'silent')
      network.faults = { ...profile.network, detectMs: this.#timeoutMs * 1000, stalls: true };
    const cuts = new Set(cutsOf(this.#case.graph).map(([from, to]) => `${from}>${to}`));
    for (const from of nodes) {
      for (const to of nodes) {
        if (from === to) continue;
        if (cuts.has(`${from}>${to}`)) network.cut(from, to);
        else network.heal(from, to);
      }
    }
    return this.#stage.nowMs;
  }

  /** Densely until the first answer, so that its time is exact; then now and then. */
  #offerWrites(cutMs: number): void {
    if (this.#isJudged) return;
    this.#witness.offerWrites();
    const everyTimeouts = this.#witness.firstAnswerSince(cutMs) === undefined ? 0.1 : 0.3;
    this.#stage.world.scheduler.after(this.#timeoutMs * everyTimeouts, () => this.#offerWrites(cutMs));
  }

  #judgeRecovery(cutMs: number): Pick<CaseReport, 'recoveredTimeouts' | 'leaderChanges'> {
    const witness = this.#witness;
    const recovered = this.#stage.runUntil(
      this.#timeoutMs * RECOVER_TIMEOUTS,
      () => witness.firstAnswerSince(cutMs) !== undefined,
    );
    if (!recovered)
      throw new Violation(
        'CORE-CONVERGE',
        `no write was answered within ${RECOVER_TIMEOUTS} election time-outs after the links broke; ${this.#situation(cutMs)}`,
      );
    const recoveredMs = this.#stage.nowMs;
    this.#stage.runFor(this.#timeoutMs * STABLE_TIMEOUTS);
    const leaderChanges = witness.wins.filter(({ atMs }) => atMs > recoveredMs).length;
    if (leaderChanges > MAX_LEADER_CHANGES)
      throw new Violation(
        'NO-LIVELOCK',
        `leadership changed ${leaderChanges} times in ${STABLE_TIMEOUTS} election time-outs after the recovery; ${this.#situation(cutMs)}`,
      );
    const gapTimeouts = witness.longestGapMs(recoveredMs, this.#stage.nowMs) / this.#timeoutMs;
    if (gapTimeouts > RECOVER_TIMEOUTS)
      throw new Violation(
        'CORE-CONVERGE',
        `no write was answered for ${gapTimeouts.toFixed(1)} election time-outs after the recovery; ${this.#situation(cutMs)}`,
      );
    this.#judgeStorm(cutMs);
    return { recoveredTimeouts: (recoveredMs - cutMs) / this.#timeoutMs, leaderChanges };
  }

  #judgeLoneliness(cutMs: number): Pick<CaseReport, 'recoveredTimeouts' | 'leaderChanges'> {
    const { world } = this.#stage;
    const witness = this.#witness;
    this.#stage.runFor(this.#timeoutMs * LONELY_TIMEOUTS);
    const quietMs = cutMs + this.#timeoutMs * QUIET_AFTER_TIMEOUTS;
    if (witness.lastChosenMs > quietMs)
      throw new Violation(
        'AGREEMENT',
        `a value was chosen although no node reaches a majority; ${this.#situation(cutMs)}`,
      );
    const leaders = world.nodes.filter((node) => this.#stage.isLeader(node));
    if (leaders.length > 0)
      throw new Violation(
        'NO-LIVELOCK',
        `node ${leaders.join(' and ')} leads without a majority; ${this.#situation(cutMs)}`,
      );
    const ballots = [...witness.ballots.values()].filter((atMs) => atMs > quietMs).length;
    if (ballots > 0)
      throw new Violation(
        'NO-LIVELOCK',
        `${ballots} ballots were begun although no node reaches a majority; ${this.#situation(cutMs)}`,
      );
    this.#judgeStorm(cutMs);
    return { recoveredTimeouts: undefined, leaderChanges: 0 };
  }

  #judgeStorm(cutMs: number): void {
    const rate = this.#preVotesPerTimeout(cutMs);
    if (rate > MAX_PRE_VOTES_PER_TIMEOUT)
      throw new Violation(
        'NO-LIVELOCK',
        `a node asks for ${rate.toFixed(1)} pre-votes per election time-out; ${this.#situation(cutMs)}`,
      );
  }

  #preVotesPerTimeout(cutMs: number): number {
    const timeouts = (this.#stage.nowMs - cutMs) / this.#timeoutMs;
    const counts = this.#stage.world.nodes.map(
      (node) =>
        this.#witness.preVotes.filter((preVote) => preVote.node === node && preVote.atMs > cutMs).length,
    );
    return Math.max(...counts) / Math.max(1, timeouts);
  }

  /** Elections won since the links broke and where everybody is now. */
  #situation(cutMs: number): string {
    const inTimeouts = (atMs: number): string => ((atMs - cutMs) / this.#timeoutMs).toFixed(2);
    const wins = this.#witness.wins
      .filter(({ atMs }) => atMs > cutMs)
      .map(({ atMs, node }) => `${node} after ${inTimeouts(atMs)}`);
    return `elections won: ${wins.join(', ') || 'none'}; ${this.#stage.describe()}`;
  }
}
