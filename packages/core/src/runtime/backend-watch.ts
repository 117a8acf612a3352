/**
 * Looks after a durable backend beside the applying: flushes it, so that the durable slot follows the applied one, and
 * asks how it is. One look at a time; a store that does not answer is reported, not asked again and again.
 */
import type { Backend, BackendHealth } from '../ports/backend.ts';
import type { Clock, Timer } from '../ports/clock.ts';
import { asSlot, type Slot } from '../protocol/types.ts';
import type { RuntimeLimits } from './limits.ts';

const WELL: BackendHealth = { ok: true, detail: '' };

export class BackendWatch {
  readonly #backend: Backend;
  readonly #clock: Clock;
  readonly #limits: RuntimeLimits;
  /** Undefined while the backend is not open. */
  readonly #appliedSlot: () => Slot | undefined;
  #durableSlot: Slot = asSlot(0);
  /** Counts the times that the store came back as another one. */
  #lives = 0;
  #health: BackendHealth = WELL;
  /** Since when a look is under way; undefined between two looks. */
  #lookingSinceMs: number | undefined;
  #timer: Timer | undefined;
  #stopped = false;

  constructor(backend: Backend, clock: Clock, limits: RuntimeLimits, appliedSlot: () => Slot | undefined) {
    this.#backend = backend;
    this.#clock = clock;
    this.#limits = limits;
    this.#appliedSlot = appliedSlot;
  }

  /** A power cut loses nothing up to here; as of the last look. */
  get durableSlot(): Slot {
    return this.#durableSlot;
  }

  get health(): BackendHealth {
    const since = this.#lookingSinceMs;
    const silentMs = since === undefined ? 0 : this.#clock.monotonicMs() - since;
    if (silentMs <= this.#limits.backendAnswerMs) return this.#health;
    return { ok: false, detail: `the store has not answered for ${Math.round(silentMs / 1000)} s` };
  }

  /** A volatile backend has nothing to flush and nothing that could be away. */
  start(): void {
    if (this.#backend.durability === 'durable') this.#lookLater();
  }

  /** The store was opened again: what an earlier one kept says nothing of it. */
  forget(): void {
    this.#lives += 1;
    this.#durableSlot = asSlot(0);
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  #lookLater(): void {
    if (this.#stopped) return;
    this.#timer = this.#clock.after(this.#limits.backendCheckMs, () => {
      this.#lookingSinceMs = this.#clock.monotonicMs();
      void this.#look().finally(() => {
        this.#lookingSinceMs = undefined;
        this.#lookLater();
      });
    });
  }

  async #look(): Promise<void> {
    const applied = this.#appliedSlot();
    if (applied === undefined) return;
    const life = this.#lives;
    try {
      const durable = applied > this.#durableSlot ? await this.#backend.flush() : this.#durableSlot;
      if (life === this.#lives) this.#durableSlot = durable;
      this.#health = await this.#backend.health();
    } catch (error) {
      // Whatever the store says now is for people; applying meets the same trouble and acts on it.
      this.#health = { ok: false, detail: error instanceof Error ? error.message : String(error) };
    }
  }
}
