/**
 * Properties of acceptors and candidates: PROMISE-MONO, ACCEPT-GE-PROMISE, BALLOT-UNIQUE, DURABLE-BEFORE-SEND.
 */
import {
  type Accepted,
  describeBallot,
  type JournalWrite,
  type Message,
  type NodeId,
  type Promise_,
} from '@quorate/core/protocol';
import { ballotKey, describeKey, type Ledger } from '../ledger.ts';
import type { SimEvent } from '../sim-event.ts';
import type { SimDisk } from '../world/journal.ts';
import type { Checker } from './checker.ts';

function ballotOf(write: JournalWrite): number | undefined {
  if (write.kind === 'promise') return ballotKey(write.ballot);
  return write.kind === 'accept' ? ballotKey(write.entry.ballot) : undefined;
}

/** What a node is bound to never decreases, across restarts too: a restart finds every promise that was durable. */
export class PromiseMono implements Checker {
  readonly property = 'PROMISE-MONO';
  readonly #promised: Map<NodeId, number> = new Map();

  observe(event: SimEvent, ledger: Ledger): string | undefined {
    if (event.kind === 'boot') {
      const found = ballotKey(event.replica.view().promised);
      this.#promised.set(event.node, found);
      const durable = ledger.durablePromise.get(event.node) ?? 0;
      return found < durable
        ? `node ${event.node} starts with promise ${describeKey(found)}, durable was ${describeKey(durable)}`
        : undefined;
    }
    if (event.kind !== 'step') return undefined;
    for (const write of event.output.persist) {
      if (write.kind !== 'promise') continue;
      const promised = this.#promised.get(event.node) ?? 0;
      const next = ballotKey(write.ballot);
      if (next <= promised)
        return `node ${event.node} promises ${describeKey(next)} after ${describeKey(promised)}`;
      this.#promised.set(event.node, next);
    }
    return undefined;
  }
}

/** Nobody accepts, or answers a candidate, below what it promised or accepted before. */
export class AcceptGePromise implements Checker {
  readonly property = 'ACCEPT-GE-PROMISE';
  readonly #bound: Map<NodeId, number> = new Map();

  observe(event: SimEvent, _ledger: Ledger): string | undefined {
    if (event.kind === 'boot') this.#bound.set(event.node, ballotKey(event.replica.view().promised));
    if (event.kind !== 'step') return undefined;
    for (const write of event.output.persist) {
      const ballot = ballotOf(write);
      if (ballot === undefined) continue;
      const bound = this.#bound.get(event.node) ?? 0;
      if (ballot < bound)
        return `node ${event.node} writes ${write.kind} at ${describeKey(ballot)}, bound to ${describeKey(bound)}`;
      this.#bound.set(event.node, ballot);
    }
    for (const { message } of event.output.send) {
      if (message.kind !== 'promise' && message.kind !== 'accepted') continue;
      const bound = this.#bound.get(event.node) ?? 0;
      if (ballotKey(message.ballot) < bound)
        return `node ${event.node} answers ${describeBallot(message.ballot)} with ${message.kind}, bound to ${describeKey(bound)}`;
    }
    return undefined;
  }
}

/** No ballot is used by two incarnations, nor by anybody but its own node. */
export class BallotUnique implements Checker {
  readonly property = 'BALLOT-UNIQUE';
  readonly #incarnation: Map<NodeId, number> = new Map();
  readonly #user: Map<number, number> = new Map();

  observe(event: SimEvent, _ledger: Ledger): string | undefined {
    if (event.kind === 'boot') this.#incarnation.set(event.node, event.incarnation);
    if (event.kind !== 'send' || (event.message.kind !== 'prepare' && event.message.kind !== 'accept'))
      return undefined;
    const { ballot } = event.message;
    if (ballot.node !== event.node) return `node ${event.node} uses ballot ${describeBallot(ballot)}`;
    const incarnation = this.#incarnation.get(event.node) ?? 0;
    const user = this.#user.get(ballotKey(ballot));
    if (user !== undefined && user !== incarnation)
      return `ballot ${describeBallot(ballot)} is used by incarnations ${user} and ${incarnation}`;
    if (user === undefined) this.#user.set(ballotKey(ballot), incarnation);
    return undefined;
  }
}

/** What a message says about its sender's journal is on stable storage when the message leaves. */
export class DurableBeforeSend implements Checker {
  readonly property = 'DURABLE-BEFORE-SEND';
  readonly #disks: ReadonlyMap<NodeId, SimDisk>;
  /** Highest slot that was found durable at this ballot, by node: acknowledgements are cumulative. */
  readonly #verified: Map<NodeId, { readonly ballot: number; through: number }> = new Map();
  /** First slot of each ballot, from its accepts. */
  readonly #base: Map<number, number> = new Map();

  constructor(disks: ReadonlyMap<NodeId, SimDisk>) {
    this.#disks = disks;
  }

  observe(event: SimEvent, ledger: Ledger): string | undefined {
    if (event.kind === 'crash') this.#verified.delete(event.node);
    if (event.kind !== 'send') return undefined;
    const { message, node } = event;
    if (message.kind === 'accept') this.#base.set(ballotKey(message.ballot), message.baseSlot);
    const bound = boundBy(message);
    if (bound !== undefined && (ledger.durablePromise.get(node) ?? 0) < bound) {
      return `node ${node} sends ${message.kind} at ${describeKey(bound)}, durable promise is ${describeKey(ledger.durablePromise.get(node) ?? 0)}`;
    }
    if (message.kind === 'promise') return this.#checkEntries(node, message);
    if (message.kind === 'accepted') return this.#checkAccepted(node, message, ledger);
    return undefined;
  }

  #checkEntries(node: NodeId, message: Promise_): string | undefined {
    for (const entry of message.entries) {
      const held = this.#disks.get(node)?.entries.get(entry.slot);
      // A higher ballot may have replaced the entry while the promise waited in a queue.
      const ok = held !== undefined && (held.chosen || ballotKey(held.ballot) >= ballotKey(entry.ballot));
      if (!ok)
        return `node ${node} promises slot ${entry.slot} at ${describeBallot(entry.ballot)}, which is not durable`;
    }
    return undefined;
  }

  #checkAccepted(node: NodeId, message: Accepted, ledger: Ledger): string | undefined {
    const key = ballotKey(message.ballot);
    let verified = this.#verified.get(node);
    if (verified === undefined || verified.ballot !== key) {
      const base = this.#base.get(key);
      if (base === undefined)
        return `node ${node} acknowledges ballot ${describeKey(key)}, which proposed nothing`;
      verified = { ballot: key, through: base - 1 };
      this.#verified.set(node, verified);
    }
    for (let slot = verified.through + 1; slot <= message.throughSlot; slot++) {
      if (!this.#isDurable(node, slot, key, ledger))
        return `node ${node} acknowledges slot ${slot} at ${describeKey(key)}, which is not durable`;
      verified.through = slot;
    }
    for (const range of message.ranges) {
      for (let slot: number = range.fromSlot; slot < range.untilSlot; slot++) {
        if (!this.#isDurable(node, slot, key, ledger))
          return `node ${node} acknowledges slot ${slot} at ${describeKey(key)}, which is not durable`;
      }
    }
    return undefined;
  }

  /** Accepted at exactly this ballot, or chosen and therefore past harm. */
  #isDurable(node: NodeId, slot: number, key: number, ledger: Ledger): boolean {
    const proposal = ledger.slots.get(slot)?.proposals.get(key);
    if (proposal !== undefined && (proposal.acceptedBy & (1 << node)) !== 0) return true;
    return ledger.slots.get(slot)?.chosen !== undefined;
  }
}

/** The ballot that the sender must durably be bound to before it may say this. */
function boundBy(message: Message): number | undefined {
  switch (message.kind) {
    case 'prepare':
    case 'promise':
    case 'accepted':
    case 'accept':
      return ballotKey(message.ballot);
    default:
      return undefined;
  }
}
