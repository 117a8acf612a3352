/**
 * The wait between two tries to reach a node: grows while tries fail, announces itself, can be cut short.
 */
import { Backoff } from './backoff.ts';
import type { Timer } from './clock.ts';
import type { ClientEmitter } from './events.ts';
import type { ClientSettings } from './options.ts';

export class Pause {
  readonly #settings: ClientSettings;
  readonly #events: ClientEmitter;
  readonly #onOver: () => void;
  readonly #backoff: Backoff;
  #timer: Timer | undefined = undefined;

  constructor(settings: ClientSettings, events: ClientEmitter, onOver: () => void) {
    this.#settings = settings;
    this.#events = events;
    this.#onOver = onOver;
    this.#backoff = new Backoff(settings.backoffMinMs, settings.backoffMaxMs, settings.random);
  }

  get isOn(): boolean {
    return this.#timer !== undefined;
  }

  /** No effect while a pause is on. */
  begin(reason: string): void {
    if (this.#timer !== undefined) return;
    const delayMs = this.#backoff.next();
    this.#timer = this.#settings.clock.after(delayMs, () => {
      this.#timer = undefined;
      this.#onOver();
    });
    this.#events.emit('reconnecting', { attempt: this.#backoff.attempt, delayMs, reason });
  }

  /** Ends the pause without a word. */
  cancel(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** The trouble is over: the next pause is a short one again. */
  reset(): void {
    this.#backoff.reset();
  }
}
