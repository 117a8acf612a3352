/**
 * One node as a process on a machine: it boots, it may be paused, and it dies, between two events or between two
 * effects of one. Its disk, its clock and possibly its backend's state outlive it.
 */
import { asSlot, type NodeId, type Random } from '@quorate/core/protocol';
import type { BackendState, Host } from '../hosts/host.ts';
import type { CrashKeeps, SimDisk } from './journal.ts';
import type { NodeClock } from './node-clock.ts';
import type { JournalLife } from './segment-life.ts';

/** Thrown at an effect boundary where the process dies; nothing of the process runs after it. */
export class ProcessDied extends Error {}

/** Runs the callback in the process, now or when it goes on; not at all once that life has ended. */
export type LifeLine = (callback: () => void, kind: 'timer' | 'input') => void;

export class SimProcess {
  readonly node: NodeId;
  readonly disk: SimDisk;
  readonly clock: NodeClock;
  readonly backend: BackendState = { appliedSlot: asSlot(0) };
  readonly #random: Random;
  /** What happened to a paused process and waits until it goes on. */
  #lateTimers: (() => void)[] = [];
  #lateInputs: (() => void)[] = [];
  #paused = false;
  #life = 0;
  /** Effect boundaries left until the process dies; undefined when it does not. */
  #boundariesLeft: number | undefined;
  host: Host | undefined;
  journal: JournalLife | undefined;
  incarnations = 0;
  /** For sweeps, which leave nothing to chance. */
  crashKeeps: CrashKeeps = 'some';

  constructor(node: NodeId, disk: SimDisk, clock: NodeClock, random: Random) {
    this.node = node;
    this.disk = disk;
    this.clock = clock;
    this.#random = random;
  }

  get isAlive(): boolean {
    return this.host !== undefined;
  }

  get isPaused(): boolean {
    return this.#paused;
  }

  /** A new life begins: callbacks that are delivered by its line reach the process until that life ends. */
  beginLife(onDeath: () => void): LifeLine {
    const life = ++this.#life;
    this.incarnations += 1;
    return (callback, kind) => {
      if (life !== this.#life) return;
      if (!this.#paused) this.#run(callback, onDeath);
      else if (kind === 'timer') this.#lateTimers.push(callback);
      else this.#lateInputs.push(callback);
    };
  }

  pause(freezesClock: boolean): void {
    this.#paused = true;
    if (freezesClock) this.clock.freeze();
  }

  /** Everything that waited happens now, in a burst: timers before what arrived, or after it. */
  resume(onDeath: () => void): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.clock.thaw();
    const late = this.#random.chance(0.5)
      ? [...this.#lateTimers, ...this.#lateInputs]
      : [...this.#lateInputs, ...this.#lateTimers];
    this.#lateTimers = [];
    this.#lateInputs = [];
    const life = this.#life;
    for (const callback of late) if (life === this.#life) this.#run(callback, onDeath);
  }

  /** The process dies at the effect boundary with this number, counted from now. */
  dieAfter(boundaries: number): void {
    this.#boundariesLeft = boundaries;
  }

  /** Takes back `dieAfter`. */
  spare(): void {
    this.#boundariesLeft = undefined;
  }

  atBoundary(): void {
    if (this.#boundariesLeft === undefined) return;
    this.#boundariesLeft -= 1;
    if (this.#boundariesLeft < 0) throw new ProcessDied();
  }

  /** Ends this life; with `power`, its machine's too. Returns how many unflushed writes were lost. */
  end(power: boolean): number {
    this.#life += 1;
    this.#lateTimers = [];
    this.#lateInputs = [];
    this.#paused = false;
    this.#boundariesLeft = undefined;
    this.clock.thaw();
    this.host = undefined;
    const lost = this.journal?.crash(this.crashKeeps, power) ?? 0;
    this.journal = undefined;
    return lost;
  }

  #run(callback: () => void, onDeath: () => void): void {
    try {
      callback();
    } catch (error) {
      if (!(error instanceof ProcessDied)) throw error;
      onDeath();
    }
  }
}
