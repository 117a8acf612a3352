/**
 * Properties of learning and of what hosts are told: LEARN-MATCH, PREFIX-APPLY, WINDOW, READ-INDEX, REPLY-TRUTH, ORDER, BOUNDED.
 */
import {
  type ChosenEntry,
  describeBallot,
  type NodeId,
  type ProtocolLimits,
  type ReplicaView,
} from '@quorate/core/protocol';
import { type Ledger, NOOP_NUMBER } from '../ledger.ts';
import type { SimEvent } from '../sim-event.ts';
import type { Checker } from './checker.ts';
import { proposalsIn } from './chosen.ts';

/** Whatever a node delivers, stores as chosen or sends as chosen is the chosen value. */
export class LearnMatch implements Checker {
  readonly property = 'LEARN-MATCH';

  observe(event: SimEvent, ledger: Ledger): string | undefined {
    for (const { what, entry } of claims(event)) {
      if (ledger.isChosen(entry.slot, entry.value)) continue;
      const { chosen } = ledger.slot(entry.slot);
      const truth = chosen === undefined ? 'nothing is' : `value ${chosen} is`;
      return `node ${event.node} ${what} value ${ledger.numberOf(entry.value)} as chosen in slot ${entry.slot}, where ${truth} chosen`;
    }
    return undefined;
  }
}

function claims(event: SimEvent): { readonly what: string; readonly entry: ChosenEntry }[] {
  if (event.kind === 'send' && event.message.kind === 'catch-up-reply') {
    return event.message.entries.map((entry) => ({ what: 'sends', entry }));
  }
  if (event.kind !== 'step') return [];
  const list = event.output.deliver.map((entry) => ({ what: 'delivers', entry }));
  for (const write of event.output.persist)
    if (write.kind === 'chosen') list.push({ what: 'stores', entry: write.entry });
  return list;
}

/** Deliveries are ascending and dense, begin above what was there at start, and end at the learned slot. */
export class PrefixApply implements Checker {
  readonly property = 'PREFIX-APPLY';
  readonly #first: Map<NodeId, number> = new Map();
  readonly #last: Map<NodeId, number> = new Map();

  observe(event: SimEvent, _ledger: Ledger): string | undefined {
    if (event.kind === 'boot') {
      const first = Math.max(event.image.learnedSlot, event.appliedSlot);
      this.#first.set(event.node, first);
      this.#last.set(event.node, first);
    }
    if (event.kind !== 'step') return undefined;
    let last = this.#last.get(event.node) ?? 0;
    for (const entry of event.output.deliver) {
      if (entry.slot !== last + 1) return `node ${event.node} delivers slot ${entry.slot} after ${last}`;
      last = entry.slot;
    }
    this.#last.set(event.node, last);
    // A durable backend may start ahead of what its node has learned.
    const expected = Math.max(event.replica.learnedSlot, this.#first.get(event.node) ?? 0);
    return expected === last
      ? undefined
      : `node ${event.node} has learned ${event.replica.learnedSlot} and delivered ${last}`;
  }
}

/** A leader proposes at most a window ahead of what it has learned. */
export class Window implements Checker {
  readonly property = 'WINDOW';
  readonly #windowSlots: number;

  constructor(limits: ProtocolLimits) {
    this.#windowSlots = limits.windowSlots;
  }

  observe(event: SimEvent, _ledger: Ledger): string | undefined {
    if (event.kind !== 'step') return undefined;
    for (const { slot, ballot } of proposalsIn(event)) {
      if (ballot.node !== event.node || slot <= event.replica.learnedSlot + this.#windowSlots) continue;
      return `node ${event.node} proposes slot ${slot} at ${describeBallot(ballot)}, learned ${event.replica.learnedSlot}`;
    }
    return undefined;
  }
}

/** A read reflects at least everything that anybody had learned when it began, and is answered once. */
export class ReadIndex implements Checker {
  readonly property = 'READ-INDEX';
  readonly #floor: Map<number, number> = new Map();

  observe(event: SimEvent, ledger: Ledger): string | undefined {
    if (event.kind !== 'step') return undefined;
    if (event.input.kind === 'read') this.#floor.set(event.input.ticket, ledger.highestLearned);
    for (const answer of event.output.reads) {
      const floor = this.#floor.get(answer.ticket);
      if (floor === undefined)
        return `node ${event.node} answers read ${answer.ticket}, which was not asked or is answered`;
      this.#floor.delete(answer.ticket);
      if (answer.kind === 'ready' && answer.slot < floor) {
        return `node ${event.node} answers a read with slot ${answer.slot}; slot ${floor} had been learned when it began`;
      }
    }
    return undefined;
  }
}

/** What was refused is never proposed, and a ticket is settled once, at a slot and ballot that hold its value. */
export class ReplyTruth implements Checker {
  readonly property = 'REPLY-TRUTH';
  /** Value numbers by ticket: the workload uses one number for both. */
  readonly #refused: Set<number> = new Set();
  readonly #settled: Set<number> = new Set();

  observe(event: SimEvent, ledger: Ledger): string | undefined {
    if (event.kind === 'step') {
      for (const settlement of event.output.settle) {
        if (this.#settled.has(settlement.ticket)) return `ticket ${settlement.ticket} is settled twice`;
        this.#settled.add(settlement.ticket);
        if (settlement.kind === 'refused') this.#refused.add(settlement.ticket);
      }
    }
    if (this.#refused.size === 0) return undefined;
    for (const { slot, value } of proposalsIn(event)) {
      const number = ledger.numberOf(value);
      if (number !== NOOP_NUMBER && this.#refused.has(number))
        return `value ${number} was refused and is proposed in slot ${slot}`;
    }
    return undefined;
  }
}

/** Looks at a whole view now and then: positions in order, lists in order and within bounds. */
export class Order implements Checker {
  readonly property = 'ORDER';
  readonly #limits: ProtocolLimits;
  #steps = 0;

  constructor(limits: ProtocolLimits) {
    this.#limits = limits;
  }

  observe(event: SimEvent, _ledger: Ledger): string | undefined {
    if (event.kind !== 'step') return undefined;
    this.#steps += 1;
    if (this.#steps % VIEW_EVERY_STEPS !== 0) return undefined;
    const view = event.replica.view();
    const broken = disorderIn(view, this.#limits);
    return broken === undefined ? undefined : `node ${event.node}: ${broken}`;
  }
}

const VIEW_EVERY_STEPS = 37;

function disorderIn(view: ReplicaView, limits: ProtocolLimits): string | undefined {
  let last: number = view.learnedSlot;
  for (const { slot } of view.accepted) {
    if (slot <= last) return `accepted slots ${last} and ${slot} are out of order or learned`;
    last = slot;
  }
  const held = limits.windowSlots * 4 + limits.catchUpSlots * 2;
  if (view.accepted.length > held)
    return `${view.accepted.length} accepted entries are held, the bound is ${held}`;
  if (view.role === 'leader' && view.ballot.node !== view.self)
    return `leads at ${describeBallot(view.ballot)}`;
  if (view.role === 'leader' && view.leader !== view.self)
    return 'leads and believes that somebody else does';
  if (view.canPropose && view.role !== 'leader') return 'can propose without leading';
  return undefined;
}
