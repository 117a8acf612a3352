/**
 * What a graph case is judged by: answers to writes, elections won, pre-votes and ballots, each with its time.
 *
 * A write counts as answered when the node at which it was proposed delivers it as chosen, as a client would see it.
 */
import type { NodeId, Role } from '@quorate/core/protocol';
import { ballotKey } from '../../ledger.ts';
import type { SimEvent } from '../../sim-event.ts';
import type { Stage } from '../stage.ts';

export class Witness {
  readonly #stage: Stage;
  /** Where each write that waits was proposed, and whether after the links broke. */
  readonly #waiting: Map<number, { readonly at: NodeId; readonly sinceMs: number }> = new Map();
  readonly #roles: Map<NodeId, Role> = new Map();
  /** When a write was answered, and when it was proposed. Ascending. */
  readonly answers: { readonly atMs: number; readonly proposedMs: number }[] = [];
  readonly wins: { readonly atMs: number; readonly node: NodeId }[] = [];
  readonly preVotes: { readonly atMs: number; readonly node: NodeId }[] = [];
  /** When the first Prepare of each ballot left, by ballot key. */
  readonly ballots: Map<number, number> = new Map();
  /** When the last slot became chosen, whoever knows of it. */
  lastChosenMs = 0;
  #chosenSlots = 0;

  constructor(stage: Stage) {
    this.#stage = stage;
    stage.watch((event) => this.#observe(event));
  }

  /** Offers a write to everybody who believes to lead. */
  offerWrites(): void {
    const { world, workload, nowMs } = this.#stage;
    for (const node of world.nodes) {
      if (this.#stage.isLeader(node))
        this.#waiting.set(workload.propose(node, false), { at: node, sinceMs: nowMs });
    }
  }

  /** When the first write that was proposed at `sinceMs` or later was answered. */
  firstAnswerSince(sinceMs: number): number | undefined {
    return this.answers.find(({ proposedMs }) => proposedMs >= sinceMs)?.atMs;
  }

  /** The longest time without an answer between these moments. */
  longestGapMs(fromMs: number, untilMs: number): number {
    let longestMs = 0;
    let lastMs = fromMs;
    for (const { atMs } of this.answers) {
      if (atMs < fromMs || atMs > untilMs) continue;
      longestMs = Math.max(longestMs, atMs - lastMs);
      lastMs = atMs;
    }
    return Math.max(longestMs, untilMs - lastMs);
  }

  #observe(event: SimEvent): void {
    if (event.kind === 'durable' && event.write.kind === 'accept') this.#noteChosen(event.write.entry.slot);
    if (event.kind !== 'step') return;
    const { node, output, replica } = event;
    if (output.roleChanged) this.#noteRole(node, replica.role);
    for (const { message } of output.send) {
      if (message.kind === 'pre-vote') {
        this.preVotes.push({ atMs: this.#stage.nowMs, node });
        break; // One campaign asks everybody.
      }
      if (message.kind === 'prepare' && !this.ballots.has(ballotKey(message.ballot)))
        this.ballots.set(ballotKey(message.ballot), this.#stage.nowMs);
    }
    for (const { value } of output.deliver) {
      const number = this.#stage.ledger.numberOf(value);
      const waiting = this.#waiting.get(number);
      if (waiting?.at !== node) continue;
      this.#waiting.delete(number);
      this.answers.push({ atMs: this.#stage.nowMs, proposedMs: waiting.sinceMs });
    }
  }

  #noteChosen(slot: number): void {
    if (slot <= this.#chosenSlots || this.#stage.ledger.slot(slot).chosen === undefined) return;
    this.#chosenSlots = slot;
    this.lastChosenMs = this.#stage.nowMs;
  }

  #noteRole(node: NodeId, role: Role): void {
    const before = this.#roles.get(node);
    this.#roles.set(node, role);
    if (role === 'leader' && before !== 'leader') this.wins.push({ atMs: this.#stage.nowMs, node });
  }
}
