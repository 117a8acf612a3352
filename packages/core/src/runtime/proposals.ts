/**
 * Commands on their way into the log of this node while it leads: prepared if the backend does that, gathered into
 * batches, proposed as far as the pipeline has room, and remembered by slot until they are chosen.
 *
 * Whoever waits here hears the truth when nobody will carry out his command: queued means not executed, proposed means
 * that it is not known.
 */
import { type Random, streamOf } from '../protocol/random.ts';
import type { Slot, Value } from '../protocol/types.ts';
import type { Applier } from './applier.ts';
import { type Batch, Batcher, type Waiter } from './batcher.ts';
import type { EngineOptions } from './engine-options.ts';
import { Preparer, preparesCommands } from './preparer.ts';
import type { ReadDesk } from './read-desk.ts';
import { expireWaiter, fenceWaiter, loseWaiter, refuseWaiter } from './refusals.ts';
import type { ReplicaHost } from './replica-host.ts';

export class Proposals {
  readonly #options: EngineOptions;
  readonly #replica: ReplicaHost;
  readonly #applier: Applier;
  readonly #batcher: Batcher;
  /** Only for a backend that prepares commands. */
  readonly #preparer: Preparer | undefined;
  #nextTicket = 1;

  /** `wake`: something asynchronous ended, and there is work for the next turn. */
  constructor(
    options: EngineOptions,
    replica: ReplicaHost,
    applier: Applier,
    reads: ReadDesk,
    wake: () => void,
  ) {
    this.#options = options;
    this.#replica = replica;
    this.#applier = applier;
    this.#batcher = new Batcher(options.limits);
    this.#preparer = this.#createPreparer(reads, wake);
  }

  /** Bytes that wait to be proposed. */
  get queuedBytes(): number {
    return this.#batcher.queuedBytes + (this.#preparer?.queuedBytes ?? 0);
  }

  /** Commands that the backend is preparing. */
  get preparing(): number {
    return this.#preparer?.underWay ?? 0;
  }

  /** Nothing is on its way from the backend's `prepare` into the log. */
  get isPrepared(): boolean {
    return this.#preparer?.isEmpty !== false;
  }

  get inFlightSlots(): number {
    return this.#batcher.inFlightSlots;
  }

  /** For how long the backend could prepare nothing, in milliseconds; 0 when it is well. */
  get unwellMs(): number {
    return this.#preparer?.unwellMs ?? 0;
  }

  /** Commands that a backend prepares wait there first, and are then in the batcher. */
  hasRoom(bytes: number): boolean {
    return this.#batcher.hasRoom(bytes + (this.#preparer?.queuedBytes ?? 0));
  }

  /** One group of commands on its way into the log. */
  admit(group: Uint8Array, waiter: Waiter, deadlineMs: number): void {
    if (this.#preparer !== undefined) this.#preparer.add(group, waiter, deadlineMs);
    else this.#batcher.add(waiter, deadlineMs, (out) => out.raw(group));
  }

  /** Cuts batches while the window has room; few in flight, so that load makes batches larger and not more. */
  propose(): void {
    const { limits, clock } = this.#options;
    // Nobody here would ever answer: whoever waits is told that it was not executed.
    if (this.#applier.health.state === 'fenced') return;
    while (
      !this.#batcher.isEmpty &&
      this.#replica.canPropose &&
      !this.#replica.isDiskBehind &&
      this.#batcher.inFlightSlots < limits.pipelineSlots
    ) {
      const batch = this.#batcher.cut(clock.monotonicMs(), expireWaiter);
      if (batch === undefined) return;
      const value: Value = {
        kind: 'batch',
        stampMs: Math.max(0, Math.floor(clock.wallMs())),
        bytes: batch.bytes,
      };
      const { settle } = this.#replica.step({
        kind: 'propose',
        at: this.#replica.now(),
        ticket: this.#nextTicket++,
        value,
      });
      const settled = settle[0];
      if (settled?.kind === 'proposed') this.#batcher.proposed(settled.slot, batch);
      else batch.waiters.forEach(refuseWaiter);
    }
  }

  /** Who waits for `slot`, provided that what was chosen is what was proposed here. */
  waitersOf(slot: Slot, value: Value): Batch | undefined {
    const batch = this.#batcher.chosen(slot);
    if (batch === undefined) return undefined;
    if (value.kind === 'batch' && value.bytes === batch.bytes) return batch;
    batch.waiters.forEach(loseWaiter);
    return undefined;
  }

  /** Leadership is over. */
  abandon(): void {
    const { queued, inFlight } = this.#batcher.abandon();
    queued.forEach(refuseWaiter);
    this.#preparer?.abandon().forEach(refuseWaiter);
    inFlight.forEach(loseWaiter);
  }

  /** The backend is fenced: what was proposed here is answered by nobody here any more. */
  abandonInFlight(): void {
    this.#batcher.abandonInFlight().forEach(fenceWaiter);
  }

  /** Tells those whose time-out has passed before they were proposed. */
  expire(nowMs: number): void {
    this.#preparer?.expire(nowMs);
    this.#batcher.expire(nowMs, expireWaiter);
  }

  #createPreparer(reads: ReadDesk, wake: () => void): Preparer | undefined {
    const { backend, clock, limits, seed } = this.#options;
    if (!preparesCommands(backend)) return undefined;
    const random = this.#options.randomBytes ?? bytesOf(streamOf(seed, 'prepare'));
    return new Preparer(backend, {
      limits,
      now: () => clock.monotonicMs(),
      context: () => ({
        nowMs: Math.max(Math.floor(clock.wallMs()), this.#applier.logTimeMs),
        random,
      }),
      firstAnswer: (session, sequence) => this.#applier.firstAnswer(session, sequence),
      propose: (group, waiter, deadlineMs) => this.#batcher.add(waiter, deadlineMs, (out) => out.raw(group)),
      afterBarrier: (responder, sequence, deadlineMs, instead) =>
        reads.add({ responder, sequence, command: undefined, deadlineMs, instead }),
      onRewound: (detail) => this.#applier.reopen(detail),
      onDiverged: (detail) => this.#applier.fence(detail),
      wake,
    });
  }
}

function bytesOf(random: Random): (count: number) => Uint8Array {
  return (count) => Uint8Array.from({ length: count }, () => random.below(256));
}
