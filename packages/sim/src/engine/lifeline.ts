/**
 * One life of a process: what reaches it, whether it may still act on the world, and the moment it dies.
 *
 * A process that is dead acts no more, even while the code it was running finishes: every port asks `mayAct` before
 * an effect, and that is also where a crash strikes, between any two effects. Nothing is thrown through the product.
 */
import type { Random } from '@quorate/core/protocol';

/** What reached a paused process waits by kind: timers fire in a burst before or after what arrived. */
export type WakeKind = 'timer' | 'input';

export class Lifeline {
  readonly #onDeath: () => void;
  #state: 'running' | 'paused' | 'over' = 'running';
  #late: { readonly kind: WakeKind; readonly run: () => void }[] = [];
  /** Effects left until the process dies; undefined when it does not. */
  #effectsLeft: number | undefined;

  /** `onDeath` is called when the process dies at an effect. */
  constructor(onDeath: () => void) {
    this.#onDeath = onDeath;
  }

  get isOver(): boolean {
    return this.#state === 'over';
  }

  get isPaused(): boolean {
    return this.#state === 'paused';
  }

  /** Something reaches the process: now, when it goes on, or never. */
  wake(kind: WakeKind, run: () => void): void {
    if (this.#state === 'running') run();
    else if (this.#state === 'paused') this.#late.push({ kind, run });
  }

  pause(): void {
    if (this.#state === 'running') this.#state = 'paused';
  }

  resume(random: Random): void {
    if (this.#state !== 'paused') return;
    this.#state = 'running';
    const first: WakeKind = random.chance(0.5) ? 'timer' : 'input';
    const late = [
      ...this.#late.filter(({ kind }) => kind === first),
      ...this.#late.filter(({ kind }) => kind !== first),
    ];
    this.#late = [];
    for (const { kind, run } of late) this.wake(kind, run);
  }

  /** The process dies at the effect with this number, counted from now. */
  dieAfter(effects: number): void {
    this.#effectsLeft = effects;
  }

  /** Takes back `dieAfter`. */
  spare(): void {
    this.#effectsLeft = undefined;
  }

  /** An effect is about to happen. False: it must not, the process is dead. */
  mayAct(): boolean {
    if (this.#state === 'over') return false;
    if (this.#effectsLeft === undefined) return true;
    this.#effectsLeft -= 1;
    if (this.#effectsLeft >= 0) return true;
    this.#onDeath();
    return false;
  }

  end(): void {
    this.#state = 'over';
    this.#late = [];
  }
}
