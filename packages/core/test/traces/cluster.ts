/**
 * A few replicas on a table: messages and flushes move only when a transcript says so, time too.
 *
 * A strict and simple host: writes become durable at `flush`, messages wait for the write they name, links carry in
 * order. Everything that happens is written down as lines of text, in the words of describe.ts.
 */

import { describeMessage, describeReadAnswer, describeSettlement } from '#src/protocol/describe.ts';
import type { Message } from '#src/protocol/message.ts';
import { createReplica } from '#src/protocol/replica.ts';
import type { Input, JournalWrite, Outgoing, Output, Replica } from '#src/protocol/replica-types.ts';
import {
  asMonotonicMs,
  asNodeId,
  asSlot,
  type NodeId,
  type ProtocolLimits,
  type Value,
} from '#src/protocol/types.ts';
import { Disk } from './disk.ts';
import { Links, type Parcel } from './links.ts';

type Node = {
  readonly id: NodeId;
  readonly disk: Disk;
  replica: Replica | undefined;
  unflushed: JournalWrite[];
  durable: number;
  outbox: Outgoing[];
  /** Writes stay in memory until it is released. */
  diskIsHeld: boolean;
  turnIsDue: boolean;
  shown: string;
  incarnations: number;
};

type Without<T> = T extends unknown ? Omit<T, 'at'> : never;

/** A run of messages that does not come to rest is a failure of the transcript. */
const MAX_ROUNDS = 2000;

export class TraceCluster {
  readonly #nodes: Map<NodeId, Node> = new Map();
  readonly #limits: ProtocolLimits;
  readonly #seed: number;
  /** Cut, held and healed by the transcript itself. */
  readonly links = new Links();
  /** The backend keeps what it applied through a crash. */
  readonly #durableBackend: boolean;
  #lines: string[] = [];
  #nowMs = 1000;
  #tickets = 0;
  #hidden: Set<Message['kind']> = new Set(['heartbeat', 'heartbeat-echo']);

  constructor(count: number, seed: number, limits: ProtocolLimits, durableBackend: boolean) {
    this.#limits = limits;
    this.#seed = seed;
    this.#durableBackend = durableBackend;
    for (let id = 1; id <= count; id++) {
      this.#nodes.set(asNodeId(id), {
        id: asNodeId(id),
        disk: new Disk(),
        replica: undefined,
        unflushed: [],
        durable: 0,
        outbox: [],
        diskIsHeld: false,
        turnIsDue: false,
        shown: '',
        incarnations: 0,
      });
    }
    for (const node of this.#nodes.values()) this.#boot(node);
  }

  /** What was written down since the last call. */
  takeLines(): string[] {
    const lines = this.#lines;
    this.#lines = [];
    return lines;
  }

  step(id: NodeId, fields: Without<Input>): void {
    const node = this.#node(id);
    if (node.replica === undefined) throw new Error(`node ${id} is not running`);
    this.#take(node, node.replica.step({ ...fields, at: asMonotonicMs(this.#nowMs) } as Input));
    if (fields.kind !== 'turn') node.turnIsDue = true;
  }

  propose(id: NodeId, text: string): void {
    const value: Value = { kind: 'batch', stampMs: 0, bytes: new TextEncoder().encode(text) };
    this.step(id, { kind: 'propose', ticket: ++this.#tickets, value });
  }

  read(id: NodeId): void {
    this.step(id, { kind: 'read', ticket: ++this.#tickets });
  }

  /** Ends turns, flushes and delivers until everything is at rest; time stands still. */
  run(): void {
    for (let rounds = 0; rounds < MAX_ROUNDS; rounds++) {
      const busy = this.#endTurns();
      const flushed = this.#flushAll();
      const parcel = this.links.next();
      if (parcel !== undefined) this.#deliver(parcel);
      else if (!busy && !flushed) return;
    }
    throw new Error(`not at rest after ${MAX_ROUNDS} rounds`);
  }

  /** Lets time pass in steps of half a heartbeat, with everything at rest after each. */
  tick(durationMs: number): void {
    const untilMs = this.#nowMs + durationMs;
    while (this.#nowMs < untilMs) {
      this.#nowMs = Math.min(untilMs, this.#nowMs + this.#limits.heartbeatMs / 2);
      for (const node of this.#nodes.values())
        if (node.replica !== undefined) this.step(node.id, { kind: 'tick' });
      this.run();
    }
  }

  /** The first message that is held on this link arrives, and stays held: it will arrive a second time. */
  duplicate(link: string): void {
    this.#deliver(this.links.peek(link));
  }

  holdDisk(id: NodeId, held: boolean): void {
    this.#node(id).diskIsHeld = held;
  }

  /** The first `keep` writes that were not flushed survive. */
  crash(id: NodeId, keep: number): void {
    const node = this.#node(id);
    for (const write of node.unflushed.slice(0, keep)) node.disk.store(write);
    const applied = this.#durableBackend ? (node.replica?.learnedSlot ?? asSlot(0)) : asSlot(0);
    if (applied > node.disk.appliedSlot || !this.#durableBackend) node.disk.appliedSlot = applied;
    Object.assign(node, {
      replica: undefined,
      unflushed: [],
      outbox: [],
      durable: 0,
      turnIsDue: false,
      shown: '',
    });
    this.links.forget(id);
  }

  restart(id: NodeId): void {
    this.#boot(this.#node(id));
  }

  show(kinds: readonly string[], visible: boolean): void {
    for (const kind of kinds as Message['kind'][]) {
      if (visible) this.#hidden.delete(kind);
      else this.#hidden.add(kind);
    }
  }

  /** Role and positions of every node, and what it holds beyond what it learned. */
  describe(): void {
    for (const { id, replica } of this.#nodes.values()) {
      const view = replica?.view();
      const held =
        view?.accepted.map(({ slot, ballot }) => ` ${slot}@${ballot.round}.${ballot.node}`).join('') ?? '';
      this.#lines.push(
        view === undefined
          ? `${id} down`
          : `${statusOf(view)} learned=${view.learnedSlot}${held === '' ? '' : ` holds${held}`}`,
      );
    }
  }

  #boot(node: Node): void {
    node.replica = createReplica({
      self: node.id,
      membership: { voters: [...this.#nodes.keys()] },
      limits: this.#limits,
      seed: this.#seed * 100 + node.id + 1000 * node.incarnations++,
      recovered: node.disk.image(),
      appliedSlot: node.disk.appliedSlot,
      at: asMonotonicMs(this.#nowMs),
    });
    this.#note(node);
  }

  #take(node: Node, output: Output): void {
    node.unflushed.push(...output.persist);
    node.outbox.push(...output.send);
    for (const settlement of output.settle) this.#lines.push(`${node.id} ${describeSettlement(settlement)}`);
    for (const answer of output.reads) this.#lines.push(`${node.id} ${describeReadAnswer(answer)}`);
    for (const { to, fromSlot, untilSlot } of output.catchUp) {
      const entries = node.disk.read(fromSlot, untilSlot);
      const message: Message = {
        kind: 'catch-up-reply',
        fromSlot,
        entries,
        learnedSlot: (node.replica as Replica).learnedSlot,
      };
      node.outbox.push({ to, lane: 'bulk', after: 0 as Outgoing['after'], message });
    }
    this.#note(node);
  }

  /** Says so when role, ballot or learned slot of a node changed. */
  #note(node: Node): void {
    const view = node.replica?.view();
    if (view === undefined) return;
    const status = `${statusOf(view)} learned=${view.learnedSlot}`;
    if (status !== node.shown) this.#lines.push(status);
    node.shown = status;
  }

  #endTurns(): boolean {
    let busy = false;
    for (const node of this.#nodes.values()) {
      if (node.turnIsDue) {
        node.turnIsDue = false;
        busy = true;
        this.step(node.id, { kind: 'turn' });
      }
      this.#post(node);
    }
    return busy;
  }

  #post(node: Node): void {
    const waiting: Outgoing[] = [];
    for (const outgoing of node.outbox) {
      if (outgoing.after > node.durable) waiting.push(outgoing);
      else this.links.send({ from: node.id, to: outgoing.to, message: outgoing.message });
    }
    node.outbox = waiting;
  }

  #flushAll(): boolean {
    let flushed = false;
    for (const node of this.#nodes.values()) {
      const last = node.unflushed.at(-1);
      if (last === undefined || node.diskIsHeld || node.replica === undefined) continue;
      for (const write of node.unflushed) node.disk.store(write);
      node.unflushed = [];
      node.durable = last.sequence;
      flushed = true;
      this.step(node.id, { kind: 'persisted', through: last.sequence });
      this.#post(node);
    }
    return flushed;
  }

  #deliver({ from, to, message }: Parcel): void {
    const isLost = this.links.isCut({ from, to, message }) || this.#node(to).replica === undefined;
    if (!this.#hidden.has(message.kind))
      this.#lines.push(`${from} ${isLost ? '-x' : '->'} ${to} ${describeMessage(message)}`);
    if (!isLost) this.step(to, { kind: 'receive', from, message });
  }

  #node(id: NodeId): Node {
    const node = this.#nodes.get(id);
    if (node === undefined) throw new Error(`there is no node ${id}`);
    return node;
  }
}

function statusOf(view: ReturnType<Replica['view']>): string {
  return `${view.self} ${view.role} ${view.ballot.round}.${view.ballot.node}`;
}
