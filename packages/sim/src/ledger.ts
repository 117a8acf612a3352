/**
 * The omniscient record: which values exist, who durably promised and accepted what, and what is therefore chosen.
 *
 * Built from durable writes alone, so that it owes nothing to what any node believes. Checkers read it; it judges
 * nothing. Ballots are folded into one number (`ballotKey`) here and only here, because they key maps.
 */
import { type Ballot, NOOP, type NodeId, type Slot, type Value } from '@quorate/core/protocol';
import { equalBytes } from '@quorate/wire';
import type { SimEvent } from './sim-event.ts';

/** Number of a value: 0 is the noop, others are given by the workload. */
export type ValueNumber = number;
export const NOOP_NUMBER: ValueNumber = 0;
export const UNKNOWN_VALUE: ValueNumber = -1;

const NODES_PER_ROUND = 1024;

export function ballotKey(ballot: Ballot): number {
  return ballot.round * NODES_PER_ROUND + ballot.node;
}

export function describeKey(key: number): string {
  return `${Math.floor(key / NODES_PER_ROUND)}.${key % NODES_PER_ROUND}`;
}

/** One value proposed for a slot at one ballot. */
export type Proposal = {
  readonly ballot: number;
  readonly value: ValueNumber;
  /** Nodes that ever accepted it durably, as bits. */
  acceptedBy: number;
};

export type SlotFacts = {
  readonly slot: number;
  chosen: ValueNumber | undefined;
  /** Lowest ballot at which a quorum accepted. */
  chosenAt: number;
  /** By ballot key. */
  readonly proposals: Map<number, Proposal>;
};

export class Ledger {
  readonly voters: readonly NodeId[];
  /** Nodes in a phase-2 quorum. Counted here on its own, not with the product's code. */
  readonly quorumSize: number;
  readonly slots: Map<number, SlotFacts> = new Map();
  /** Highest promise on stable storage, by node. */
  readonly durablePromise: Map<NodeId, number> = new Map();
  /** Highest slot that anybody ever learned. */
  highestLearned = 0;
  readonly #values: Map<ValueNumber, Value> = new Map([[NOOP_NUMBER, NOOP]]);

  constructor(voters: readonly NodeId[]) {
    this.voters = voters;
    this.quorumSize = Math.floor(voters.length / 2) + 1;
    for (const node of voters) this.durablePromise.set(node, 0);
  }

  /** The workload is about to submit this value. */
  register(number: ValueNumber, value: Value): void {
    this.#values.set(number, value);
  }

  valueOf(number: ValueNumber): Value | undefined {
    return this.#values.get(number);
  }

  /** UNKNOWN_VALUE for anything that nobody submitted, or that differs from it in a single byte. */
  numberOf(value: Value): ValueNumber {
    if (value.kind === 'noop') return NOOP_NUMBER;
    const { bytes } = value;
    if (bytes.length < 8) return UNKNOWN_VALUE;
    const number = new DataView(bytes.buffer, bytes.byteOffset, 8).getFloat64(0, true);
    const known = this.#values.get(number);
    if (known?.kind !== 'batch' || known.stampMs !== value.stampMs) return UNKNOWN_VALUE;
    return known.bytes === bytes || equalBytes(known.bytes, bytes) ? number : UNKNOWN_VALUE;
  }

  slot(slot: Slot | number): SlotFacts {
    let facts = this.slots.get(slot);
    if (facts === undefined) {
      facts = { slot, chosen: undefined, chosenAt: 0, proposals: new Map() };
      this.slots.set(slot, facts);
    }
    return facts;
  }

  /** True when `value` is the one chosen for the slot. */
  isChosen(slot: Slot, value: Value): boolean {
    const { chosen } = this.slot(slot);
    return chosen !== undefined && chosen === this.numberOf(value);
  }

  /** Notes that somebody proposes or holds this value at this ballot. The first one to be seen stays. */
  propose(slot: Slot, ballot: Ballot, value: Value): Proposal {
    const { proposals } = this.slot(slot);
    const key = ballotKey(ballot);
    let proposal = proposals.get(key);
    if (proposal === undefined) {
      proposal = { ballot: key, value: this.numberOf(value), acceptedBy: 0 };
      proposals.set(key, proposal);
    }
    return proposal;
  }

  /** Takes in what the event adds to the facts. Runs after the checkers that want to compare before and after. */
  observe(event: SimEvent): void {
    if (event.kind === 'durable') {
      if (event.write.kind === 'promise') this.#promised(event.node, ballotKey(event.write.ballot));
      if (event.write.kind === 'accept')
        this.#accepted(event.node, event.write.entry.slot, event.write.entry.ballot, event.write.entry.value);
    } else if (event.kind === 'step' || event.kind === 'boot') {
      if (event.replica.learnedSlot > this.highestLearned) this.highestLearned = event.replica.learnedSlot;
    }
  }

  #promised(node: NodeId, key: number): void {
    if (key > (this.durablePromise.get(node) ?? 0)) this.durablePromise.set(node, key);
  }

  #accepted(node: NodeId, slot: Slot, ballot: Ballot, value: Value): void {
    this.#promised(node, ballotKey(ballot));
    const proposal = this.propose(slot, ballot, value);
    proposal.acceptedBy |= 1 << node;
    const facts = this.slot(slot);
    if (facts.chosen === undefined && countBits(proposal.acceptedBy) >= this.quorumSize) {
      facts.chosen = proposal.value;
      facts.chosenAt = proposal.ballot;
    }
  }
}

export function countBits(mask: number): number {
  let count = 0;
  for (let rest = mask; rest !== 0; rest &= rest - 1) count += 1;
  return count;
}
