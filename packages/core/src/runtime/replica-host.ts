/**
 * The replica of a node and the places where its outputs go: writes to the journal, messages to the peers, pages of
 * chosen values to those that missed them. What concerns clients and the backend is handed on.
 *
 * Gathers: frames leave with `sendFrames` and the journal is flushed with `kickJournal`, which the engine calls once per
 * turn. Owns, with the outbox, that nothing is sent before the write that it names is durable.
 */
import type { QuorateError } from '@quorate/wire';
import { createReplica } from '../protocol/replica.ts';
import type {
  CatchUpService,
  Input,
  Output,
  ReadAnswer,
  Replica,
  ReplicaView,
  Role,
} from '../protocol/replica-types.ts';
import {
  asMonotonicMs,
  asWriteSequence,
  type ChosenEntry,
  type MonotonicMs,
  type NodeId,
  type Slot,
} from '../protocol/types.ts';
import type { Forward, ForwardReply } from '../wire/frame.ts';
import type { EngineOptions } from './engine-options.ts';
import { Outbox } from './outbox.ts';
import { Persister } from './persister.ts';

/** A message that waits for no write. */
const AFTER_NOTHING = asWriteSequence(0);

export type ReplicaHandlers = {
  /** Runs `work`, and ends the node if it throws. */
  guard(work: () => void): void;
  /** Something is to be done at the end of the turn. */
  wake(): void;
  onRoleChange(): void;
  onReadAnswer(answer: ReadAnswer): void;
  /** Next chosen values, ascending and dense. */
  onChosen(entries: readonly ChosenEntry[]): void;
  onJournalFailure(error: QuorateError): void;
};

export class ReplicaHost {
  readonly #options: EngineOptions;
  readonly #handlers: ReplicaHandlers;
  readonly #replica: Replica;
  readonly #persister: Persister;
  readonly #outbox: Outbox;
  #catchUps: CatchUpService[] = [];

  constructor(options: EngineOptions, appliedSlot: Slot, handlers: ReplicaHandlers) {
    const { self, addrs, opened, journal, transport, clock, limits, group } = options;
    this.#options = options;
    this.#handlers = handlers;
    this.#replica = (options.createReplica ?? createReplica)({
      self,
      membership: { voters: addrs.map((_, index) => (index + 1) as NodeId) },
      limits: limits.protocol,
      seed: options.seed,
      recovered: opened.image,
      appliedSlot,
      at: asMonotonicMs(clock.monotonicMs()),
    });
    this.#persister = new Persister(journal, {
      onDurable: (through) => {
        this.feed({ kind: 'persisted', at: this.now(), through });
        handlers.guard(() => this.#outbox.release(through));
        handlers.wake();
      },
      onFailure: (error) => handlers.onJournalFailure(error),
    });
    journal.onFailure((error) => handlers.onJournalFailure(error));
    this.#outbox = new Outbox(transport, options.checksum, limits.targetFrameBytes, group);
  }

  get role(): Role {
    return this.#replica.role;
  }

  get leader(): NodeId | undefined {
    return this.#replica.leader;
  }

  get canPropose(): boolean {
    return this.#replica.canPropose;
  }

  view(): ReplicaView {
    return this.#replica.view();
  }

  /** For `at` of an input. */
  now(): MonotonicMs {
    return asMonotonicMs(this.#options.clock.monotonicMs());
  }

  /** Memory that waits for the disk is at its bound: nothing that brings values is taken in. */
  get isDiskBehind(): boolean {
    return this.#persister.waitingBytes >= this.#options.limits.maxUnflushedBytes;
  }

  /** Every write is durable. */
  get isFlushed(): boolean {
    return this.#persister.idle;
  }

  /** One input from outside, and its outputs to their places; wakes the engine. A replica that throws ends the node. */
  feed(input: Input): void {
    this.#handlers.guard(() => {
      this.step(input);
    });
    this.#handlers.wake();
  }

  /** The same within a turn, which is guarded as a whole. */
  step(input: Input): Output {
    const output = this.#replica.step(input);
    this.#take(output);
    return output;
  }

  /** What the runtime itself says to the runtime of a peer; waits for no write. */
  sendPayload(to: NodeId, payload: Forward | ForwardReply): void {
    this.#outbox.addPayload(to, payload);
  }

  sendFrames(): void {
    this.#outbox.flush();
  }

  kickJournal(): boolean {
    return this.#persister.kick();
  }

  /** Pages of chosen values for peers that missed them, from the journal. */
  serveCatchUps(): void {
    if (this.#catchUps.length === 0) return;
    const services = this.#catchUps;
    this.#catchUps = [];
    const { journal, limits } = this.#options;
    for (const { to, fromSlot, untilSlot } of services) {
      const entries = journal.readEntries(fromSlot, untilSlot, limits.protocol.pageBytes);
      const { learnedSlot } = this.#replica;
      const message = { kind: 'catch-up-reply', fromSlot, entries, learnedSlot } as const;
      this.#outbox.add([{ to, lane: 'bulk', after: AFTER_NOTHING, message }], this.#persister.durable);
    }
  }

  #take(output: Output): void {
    if (output.persist.length > 0) this.#persister.add(output.persist);
    if (output.send.length > 0) this.#outbox.add(output.send, this.#persister.durable);
    if (output.roleChanged) this.#handlers.onRoleChange();
    for (const answer of output.reads) this.#handlers.onReadAnswer(answer);
    for (const service of output.catchUp) this.#catchUps.push(service);
    if (output.deliver.length > 0) this.#handlers.onChosen(output.deliver);
  }
}
