/**
 * Promises in virtual time. What a backend promises may take real time and real I/O; the simulated node hears of it
 * after a delay that the seed has drawn, at an event of the queue. Virtual time stands still meanwhile.
 *
 * Runs stay reproducible as long as the backend answers the same: outcomes are put into the queue in the order of the
 * calls, however long each took.
 */
import type { Scheduler } from '../world/scheduler.ts';

type Carried = {
  readonly delayMs: number;
  /** Hands the outcome to who waits, in the process that asked. */
  deliver: (() => void) | undefined;
  readonly done: Promise<void>;
};

/** A call into a backend that takes longer than this in real time ends the run with an error. */
const MAX_REAL_MS = 60_000;

export class AsyncBridge {
  readonly #scheduler: Scheduler;
  #carried: Carried[] = [];
  /** Continuations of promises may be waiting to run. */
  #isDirty = false;

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  /** True when `settle` has something to do before the next event. */
  get isBusy(): boolean {
    return this.#isDirty || this.#carried.length > 0;
  }

  /**
   * Calls `work` now. The outcome comes `delayMs` of virtual time later, through `wake`, which may keep it from a
   * process that is paused or dead.
   */
  carry<T>(work: () => T | Promise<T>, delayMs: number, wake: (run: () => void) => void): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const settleWith = (end: () => void): void => {
        carried.deliver = () =>
          wake(() => {
            this.#isDirty = true;
            end();
          });
      };
      const done = attempt(work).then(
        (value) => settleWith(() => resolve(value)),
        (error: unknown) => settleWith(() => reject(error)),
      );
      const carried: Carried = { delayMs, deliver: undefined, done };
      this.#carried.push(carried);
    });
  }

  /** Lets every promise of the last event settle. To be awaited between two events while `isBusy`. */
  async settle(): Promise<void> {
    while (this.isBusy) {
      this.#isDirty = false;
      const carried = this.#carried;
      this.#carried = [];
      await withinBound(Promise.all(carried.map(({ done }) => done)));
      for (const { delayMs, deliver } of carried) this.#scheduler.after(delayMs, () => deliver?.());
    }
  }
}

async function attempt<T>(work: () => T | Promise<T>): Promise<T> {
  return work();
}

/** Also waits until every continuation that is ready now has run. */
async function withinBound(work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const tooLong = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`a backend gave no answer within ${MAX_REAL_MS} ms of real time`)),
      MAX_REAL_MS,
    );
  });
  try {
    await Promise.race([work, tooLong]);
  } finally {
    clearTimeout(timer);
  }
  await new Promise<void>((resolve) => setImmediate(resolve));
}
