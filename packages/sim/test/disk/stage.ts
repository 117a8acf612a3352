/** A simulated disk with virtual time around it, and the production journal on it. */
import type { Clock, Timer } from '@quorate/core/ports';
import { streamOf } from '@quorate/core/protocol';
import { SegmentJournal, type SegmentSizes } from '@quorate/core/segment-journal';
import { createSimDisk, RELIABLE_DISK, type SimDisk, type SimDiskFaults } from '#src/world/disk/index.ts';
import { Scheduler } from '#src/world/scheduler.ts';
import { TraceHash } from '#src/world/trace-hash.ts';

/** So small that a short history has many segments. */
export const SMALL_SEGMENTS: SegmentSizes = { firstBytes: 2048, maxBytes: 8192 };

export class DiskStage {
  readonly scheduler: Scheduler;
  readonly disk: SimDisk;
  faults: SimDiskFaults = RELIABLE_DISK;
  #life = 0;
  #storages = 0;

  constructor(seed: number, onEvent: () => void = () => undefined) {
    this.scheduler = new Scheduler(seed, new TraceHash());
    this.disk = createSimDisk({
      random: streamOf(seed, 'disk'),
      faults: () => this.faults,
      after: (delayMs, run) => {
        this.scheduler.after(delayMs, run);
        onEvent();
      },
    });
    this.#onEvent = onEvent;
  }

  readonly #onEvent: () => void;

  /** The journal of the next life of a process. */
  journal(sizes: SegmentSizes = SMALL_SEGMENTS): SegmentJournal {
    const life = ++this.#life;
    const inLife = (callback: () => void) => (): void => {
      if (life === this.#life) callback();
    };
    const soon = (callback: () => void): void => {
      this.scheduler.after(0, inLife(callback));
      this.#onEvent();
    };
    return new SegmentJournal({
      disk: this.disk.mount(),
      clock: this.#clock(inLife, soon),
      defer: soon,
      newStorageId: () => String(++this.#storages).padStart(32, '0'),
      sizes,
    });
  }

  /** Lets everything happen that is due within this time. */
  run(durationMs: number): void {
    const untilMs = this.scheduler.nowMs + durationMs;
    while (this.scheduler.step(untilMs));
  }

  #clock(inLife: (callback: () => void) => () => void, soon: (callback: () => void) => void): Clock {
    return {
      monotonicMs: () => this.scheduler.nowMs,
      wallMs: () => this.scheduler.nowMs,
      soon,
      after: (delayMs, callback): Timer => {
        let isCancelled = false;
        const run = inLife(callback);
        this.scheduler.after(delayMs, () => {
          if (!isCancelled) run();
        });
        this.#onEvent();
        return { cancel: () => void (isCancelled = true) };
      },
    };
  }
}
