/**
 * A minimal host around the pure core: carries out every duty that replica-types.ts lists, and nothing else.
 *
 * Works in turns like the runtime: inputs are stepped as they come, and at the end of a turn everything they caused
 * leaves at once: one append to the journal, one frame per peer and lane. Messages that wait for a write hold back
 * those behind them in their lane, so that order per receiver and lane is kept.
 */
import { crc32 } from 'node:zlib';
import {
  asMonotonicMs,
  asSlot,
  type CatchUpService,
  type ChosenEntry,
  createReplica,
  type Input,
  type JournalWrite,
  type Lane,
  type Message,
  type NodeId,
  type Outgoing,
  type Output,
  type Replica,
  type Value,
  type WriteSequence,
} from '@quorate/core/protocol';
import { decodePeerFrame, PeerFrameWriter } from '@quorate/core/wire';
import { QuorateError } from '@quorate/wire';
import type { Host, NodeEnvironment } from './host.ts';

const FRAME_LIMITS = { maxFrameBytes: 16 * 1024 * 1024, group: 0 };
const LANES: readonly Lane[] = ['control', 'bulk'];

type Without<T> = T extends unknown ? Omit<T, 'at'> : never;

export class CoreHost implements Host {
  readonly #env: NodeEnvironment;
  readonly #writer = new PeerFrameWriter();
  readonly #outbox: Map<NodeId, { readonly control: Outgoing[]; readonly bulk: Outgoing[] }> = new Map();
  #replica: Replica | undefined;
  #writes: JournalWrite[] = [];
  #services: CatchUpService[] = [];
  #toApply: ChosenEntry[] = [];
  #applying = false;
  #turnIsDue = false;
  /** Everything up to this write is durable. */
  #durable = 0;

  constructor(env: NodeEnvironment) {
    this.#env = env;
    for (const peer of env.voters) if (peer !== env.self) this.#outbox.set(peer, { control: [], bulk: [] });
  }

  get replica(): Replica | undefined {
    return this.#replica;
  }

  start(): void {
    const { clock, journal, limits, self, voters, seed, backend, transport } = this.#env;
    const opened = journal.openNow();
    const { appliedSlot } = backend;
    this.#replica = createReplica({
      self,
      membership: { voters },
      limits,
      seed,
      recovered: opened.image,
      appliedSlot,
      at: asMonotonicMs(clock.monotonicMs()),
    });
    this.#env.emit({
      kind: 'boot',
      node: self,
      incarnation: opened.incarnation,
      image: opened.image,
      appliedSlot,
      replica: this.#replica,
    });
    transport.start({
      onFrame: (from, _lane, frame) => this.#onFrame(from, frame),
      onUp: (peer) => this.#step({ kind: 'peer-up', peer }),
      onDown: (peer) => this.#step({ kind: 'peer-down', peer }),
    });
    this.#replay(opened.image.learnedSlot);
    this.#tick();
  }

  propose(ticket: number, value: Value, blind: boolean): void {
    if (blind || this.#replica?.canPropose === true) this.#step({ kind: 'propose', ticket, value });
  }

  read(ticket: number): void {
    this.#step({ kind: 'read', ticket });
  }

  resign(): void {
    this.#step({ kind: 'resign' });
  }

  campaign(): void {
    this.#step({ kind: 'campaign' });
  }

  usurp(): void {
    const { promised } = (this.#replica as Replica).view();
    if (promised.round === 0 || promised.node === this.#env.self) return;
    this.#step({ kind: 'receive', from: promised.node, message: { kind: 'transfer', ballot: promised } });
  }

  /** A backend that forgot, or that lags, gets from the journal what it has not applied. */
  #replay(learnedSlot: number): void {
    const { backend, journal } = this.#env;
    if (backend.appliedSlot >= learnedSlot) return;
    const entries = journal.readEntries(
      asSlot(backend.appliedSlot + 1),
      asSlot(learnedSlot + 1),
      Number.POSITIVE_INFINITY,
    );
    if (entries.length !== learnedSlot - backend.appliedSlot)
      throw new Error(`the journal of node ${this.#env.self} does not hold what it has learned`);
    backend.appliedSlot = asSlot(learnedSlot);
    this.#step({ kind: 'applied', through: backend.appliedSlot });
  }

  #tick(): void {
    this.#step({ kind: 'tick' });
    this.#env.clock.after(this.#env.limits.heartbeatMs / 2, () => this.#tick());
  }

  #onFrame(from: NodeId, frame: Uint8Array): void {
    let payloads: ReturnType<typeof decodePeerFrame>;
    try {
      payloads = decodePeerFrame(frame, crc32, FRAME_LIMITS);
    } catch (error) {
      if (!(error instanceof QuorateError)) throw error;
      this.#env.transport.reject(from, error.code, error.message);
      return;
    }
    for (const payload of payloads) {
      if (payload.kind === 'protocol') this.#step({ kind: 'receive', from, message: payload.message });
    }
  }

  #step(fields: Without<Input>): void {
    const replica = this.#replica as Replica;
    const input = { ...fields, at: asMonotonicMs(this.#env.clock.monotonicMs()) } as Input;
    this.#env.onInput?.(input);
    const output = replica.step(input);
    this.#env.emit({ kind: 'step', node: this.#env.self, input, output, replica });
    this.#take(output);
    if (this.#turnIsDue || input.kind === 'turn') return;
    this.#turnIsDue = true;
    this.#env.clock.soon(() => this.#endTurn());
  }

  #take(output: Output): void {
    for (const write of output.persist) this.#writes.push(write);
    for (const outgoing of output.send) this.#outbox.get(outgoing.to)?.[outgoing.lane].push(outgoing);
    for (const service of output.catchUp) this.#services.push(service);
    if (output.deliver.length === 0) return;
    for (const entry of output.deliver) this.#toApply.push(entry);
    this.#apply();
  }

  #endTurn(): void {
    this.#step({ kind: 'turn' });
    this.#turnIsDue = false;
    this.#env.boundary();
    this.#persist();
    this.#serveCatchUps();
    this.#sendFrames();
  }

  #persist(): void {
    const writes = this.#writes;
    const last = writes.at(-1);
    if (last === undefined) return;
    this.#writes = [];
    this.#env.journal.append(writes, () => this.#onFlushed(last.sequence));
    this.#env.boundary();
  }

  #onFlushed(through: WriteSequence): void {
    this.#durable = through;
    this.#env.boundary();
    this.#step({ kind: 'persisted', through });
  }

  #serveCatchUps(): void {
    const services = this.#services;
    this.#services = [];
    for (const { to, fromSlot, untilSlot } of services) {
      const entries = this.#env.journal.readEntries(fromSlot, untilSlot, this.#env.limits.pageBytes);
      const message: Message = {
        kind: 'catch-up-reply',
        fromSlot,
        entries,
        learnedSlot: (this.#replica as Replica).learnedSlot,
      };
      this.#outbox.get(to)?.bulk.push({ to, lane: 'bulk', after: 0 as WriteSequence, message });
    }
  }

  #sendFrames(): void {
    for (const [to, lanes] of this.#outbox) for (const lane of LANES) this.#sendFrame(to, lane, lanes[lane]);
  }

  #sendFrame(to: NodeId, lane: Lane, queue: Outgoing[]): void {
    let ready = 0;
    while (ready < queue.length && (queue[ready] as Outgoing).after <= this.#durable) ready += 1;
    if (ready === 0) return;
    const leaving = queue.splice(0, ready);
    for (const [index, { message }] of leaving.entries()) {
      this.#env.emit({ kind: 'send', node: this.#env.self, to, message });
      this.#writer.add(message);
      if (this.#writer.count < this.#env.maxFrameMessages && index + 1 < leaving.length) continue;
      this.#env.transport.send(to, lane, this.#writer.take(crc32));
      this.#env.boundary();
    }
  }

  /** In order, one after another; the core hears of it when the backend has it. */
  #apply(): void {
    if (this.#applying) return;
    this.#applying = true;
    this.#env.clock.after(this.#env.applyMs(), () => {
      const entries = this.#toApply;
      this.#toApply = [];
      this.#applying = false;
      const through = entries.at(-1)?.slot;
      if (through === undefined) return;
      this.#env.backend.appliedSlot = through;
      this.#env.boundary();
      this.#step({ kind: 'applied', through });
    });
  }
}
