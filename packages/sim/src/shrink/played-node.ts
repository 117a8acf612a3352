/**
 * One node of a history that is played: the simulator's host with the real core in it, whose turns, timers, flushes
 * and backend come when the history says so.
 */
import { crc32 } from 'node:zlib';
import type { Clock, Timer, TransportHandlers } from '@quorate/core/ports';
import type { Message, NodeId, Slot } from '@quorate/core/protocol';
import { asSlot } from '@quorate/core/protocol';
import { PeerFrameWriter } from '@quorate/core/wire';
import { CoreHost } from '../hosts/core-host.ts';
import type { BackendState } from '../hosts/host.ts';
import type { SimEvent } from '../sim-event.ts';
import type { SimDisk } from '../world/journal.ts';
import { ProcessDied } from '../world/sim-process.ts';
import type { Setting } from './history.ts';
import { PlayedJournal } from './played-journal.ts';

/** What the host asks the clock for, told apart by the delay: the backend's is given here, and no other is negative. */
const APPLY_DELAY_MS = -1;
/** A settled node has done everything long before; more rounds are a loop in the code under test. */
const MAX_SETTLING_ROUNDS = 1000;

export type NodeSurroundings = {
  readonly self: NodeId;
  readonly voters: readonly NodeId[];
  readonly setting: Setting;
  readonly disk: SimDisk;
  readonly emit: (event: SimEvent) => void;
};

/** What waits in one life of the process. */
type Life = {
  readonly host: CoreHost;
  readonly journal: PlayedJournal;
  handlers: TransportHandlers | undefined;
  tick: (() => void) | undefined;
  turn: (() => void) | undefined;
  apply: (() => void) | undefined;
};

export class PlayedNode {
  readonly #around: NodeSurroundings;
  readonly #backend: BackendState = { appliedSlot: asSlot(0) };
  readonly #writer = new PeerFrameWriter();
  #nowMs = 0;
  #life: Life | undefined;
  #diesAtBoundary = false;

  constructor(around: NodeSurroundings) {
    this.#around = around;
  }

  get host(): CoreHost | undefined {
    return this.#life?.host;
  }

  /** The clock never goes back. */
  advanceTo(atMs: number): void {
    this.#nowMs = Math.max(this.#nowMs, atMs);
  }

  start(seed: number): boolean {
    if (this.#life !== undefined) return false;
    const { self, voters, setting, disk, emit } = this.#around;
    const journal = new PlayedJournal(disk);
    const waiting: Partial<Omit<Life, 'host' | 'journal'>> = {};
    const host = new CoreHost({
      self,
      voters,
      limits: setting.limits,
      seed,
      clock: this.#clock(waiting),
      journal,
      transport: {
        start: (handlers) => {
          waiting.handlers = handlers;
        },
        send: () => true,
        queuedBytes: () => 0,
        reject: () => undefined,
        close: () => Promise.resolve(),
      },
      backend: this.#backend,
      applyMs: () => APPLY_DELAY_MS,
      maxFrameMessages: 1,
      boundary: () => {
        if (this.#diesAtBoundary) throw new ProcessDied();
      },
      emit,
    });
    this.#life = Object.assign(waiting, { host, journal }) as Life;
    host.start();
    return true;
  }

  crash(): boolean {
    if (this.#life === undefined) return false;
    this.#life = undefined;
    if (!this.#around.setting.durableBackend) this.#backend.appliedSlot = asSlot(0) as Slot;
    this.#around.emit({ kind: 'crash', node: this.#around.self, lostWrites: 0 });
    return true;
  }

  receive(from: NodeId, message: Message): boolean {
    const handlers = this.#life?.handlers;
    if (handlers === undefined) return false;
    this.#writer.add(message);
    handlers.onFrame(from, 'bulk', this.#writer.take(crc32));
    return true;
  }

  hearOf(peer: NodeId, isUp: boolean): boolean {
    const handlers = this.#life?.handlers;
    if (isUp) handlers?.onUp(peer);
    else handlers?.onDown(peer);
    return handlers !== undefined;
  }

  flush(writes: number): boolean {
    return (this.#life?.journal.flush(writes) ?? 0) > 0;
  }

  tell(): boolean {
    return this.#life?.journal.tell() ?? false;
  }

  /** Runs what waits under this name. False when nothing does. */
  run(what: 'tick' | 'turn' | 'apply'): boolean {
    const callback = this.#life?.[what];
    if (this.#life === undefined || callback === undefined) return false;
    this.#life[what] = undefined;
    callback();
    return true;
  }

  /** The backend applies, and the process dies before it hears of it. */
  storeAndDie(): boolean {
    this.#diesAtBoundary = true;
    try {
      return this.run('apply');
    } catch (error) {
      if (error instanceof ProcessDied) return true;
      throw error;
    } finally {
      this.#diesAtBoundary = false;
    }
  }

  settle(): void {
    for (let round = 0; round < MAX_SETTLING_ROUNDS; round++) {
      const didSomething = [
        this.run('turn'),
        this.flush(Number.POSITIVE_INFINITY),
        this.tell(),
        this.run('apply'),
      ].includes(true);
      if (!didSomething) return;
    }
  }

  #clock(waiting: Partial<Omit<Life, 'host' | 'journal'>>): Clock {
    const timer: Timer = { cancel: () => undefined };
    return {
      monotonicMs: () => this.#nowMs,
      wallMs: () => 0,
      after: (delayMs, callback) => {
        waiting[delayMs === APPLY_DELAY_MS ? 'apply' : 'tick'] = callback;
        return timer;
      },
      soon: (callback) => {
        waiting.turn = callback;
      },
    };
  }
}
