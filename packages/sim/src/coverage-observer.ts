/**
 * Finds out from the events what a run went through, and counts it.
 */
import type { Input, Message, NodeId, Output, Replica, Role } from '@quorate/core/protocol';
import { isLower } from '@quorate/core/protocol';
import type { CoverageCounts } from './coverage.ts';
import type { SimEvent } from './sim-event.ts';
import type { SimDisk } from './world/journal.ts';

export class CoverageObserver {
  readonly #coverage: CoverageCounts;
  readonly #disks: ReadonlyMap<NodeId, SimDisk>;
  readonly #roles: Map<NodeId, Role> = new Map();

  constructor(coverage: CoverageCounts, disks: ReadonlyMap<NodeId, SimDisk>) {
    this.#coverage = coverage;
    this.#disks = disks;
  }

  observe(event: SimEvent): void {
    if (event.kind === 'boot') this.#roles.set(event.node, 'follower');
    if (event.kind === 'send') this.#onSend(event.message);
    if (event.kind !== 'step') return;
    const { node, input, output, replica } = event;
    if (output.roleChanged) this.#onRole(node, input, replica.role);
    this.#onOutput(node, input, output, replica);
    if (input.kind === 'receive') this.#onReceive(node, input.message, replica);
  }

  #onRole(node: NodeId, input: Input, role: Role): void {
    const before = this.#roles.get(node);
    this.#roles.set(node, role);
    if (before !== 'leader' && role === 'leader') this.#coverage.hit('election-won');
    if (before !== 'leader' || role === 'leader') return;
    if (input.kind === 'receive') this.#coverage.hit('deposed-leader');
    if (input.kind === 'tick') this.#coverage.hit('lost-quorum');
  }

  #onOutput(node: NodeId, input: Input, output: Output, replica: Replica): void {
    const coverage = this.#coverage;
    for (const write of output.persist) {
      if (write.kind === 'chosen') coverage.hit('catch-up-learned');
      if (write.kind !== 'accept' || write.entry.ballot.node !== node || input.kind === 'propose') continue;
      coverage.hit(write.entry.value.kind === 'noop' ? 'gap-noop' : 'recovered-value');
    }
    for (const settlement of output.settle) {
      if (settlement.kind === 'proposed') coverage.hit('proposed');
      else coverage.hit(settlement.reason === 'window-full' ? 'refused-window' : 'refused-not-leader');
    }
    for (const answer of output.reads) {
      if (answer.kind === 'refused') coverage.hit('read-refused');
      else coverage.hit(replica.role === 'leader' ? 'read-local' : 'read-remote');
    }
    if (replica.role !== 'leader') return;
    coverage.hit('chosen', output.deliver.length);
    if (input.kind !== 'tick' && input.kind !== 'peer-up') return;
    for (const { message } of output.send) if (message.kind === 'accept') coverage.hit('accept-resent');
  }

  #onSend(message: Message): void {
    const coverage = this.#coverage;
    switch (message.kind) {
      case 'pre-vote':
        return coverage.hit('pre-vote');
      case 'pre-vote-reply':
        return message.granted ? undefined : coverage.hit('pre-vote-refused');
      case 'prepare':
        return coverage.hit('campaign');
      case 'promise':
        return message.pageCount > 1 ? coverage.hit('promise-paged') : undefined;
      case 'nack':
        return coverage.hit('nack');
      case 'accepted':
        return message.ranges.length > 0 ? coverage.hit('accepted-ranges') : undefined;
      case 'catch-up-reply':
        return coverage.hit('catch-up-served', message.entries.length);
      case 'transfer':
        return coverage.hit('transfer');
      default:
    }
  }

  /** A watermark passed a value that was accepted at a lower ballot: it must not be taken for the chosen one. */
  #onReceive(node: NodeId, message: Message, replica: Replica): void {
    if (message.kind !== 'accept' && message.kind !== 'learned' && message.kind !== 'heartbeat') return;
    if (message.learnedSlot <= replica.learnedSlot) return;
    const held = this.#disks.get(node)?.entries.get(replica.learnedSlot + 1);
    if (held !== undefined && isLower(held.ballot, message.ballot))
      this.#coverage.hit('watermark-not-taught');
  }
}
