/**
 * How the store is, as applying sees it: well, in trouble and to be asked again after a pause that grows, or fenced for
 * the rest of this life because it contradicts the log. Owns that a fenced store is never anything else again.
 */
import type { Clock } from '../ports/clock.ts';

export type ApplierHealth = { readonly state: 'ok' | 'retrying' | 'fenced'; readonly detail: string };

const WELL: ApplierHealth = { state: 'ok', detail: '' };

export class StoreHealth {
  readonly #clock: Clock;
  /** First and longest pause, in milliseconds. */
  readonly #retryMs: { readonly first: number; readonly longest: number };
  #current: ApplierHealth = WELL;
  #retries = 0;
  #unwellSinceMs: number | undefined;

  constructor(clock: Clock, retryMs: { readonly first: number; readonly longest: number }) {
    this.#clock = clock;
    this.#retryMs = retryMs;
  }

  get current(): ApplierHealth {
    return this.#current;
  }

  /** A method, because it changes under calls that do not look like it. */
  isFenced(): boolean {
    return this.#current.state === 'fenced';
  }

  /** For how long the store has not been well, in milliseconds; 0 when it is. */
  get unwellMs(): number {
    return this.#unwellSinceMs === undefined ? 0 : this.#clock.monotonicMs() - this.#unwellSinceMs;
  }

  /** The store is in trouble. Returns how long to wait before it is asked again, in milliseconds. */
  trouble(detail: string): number {
    const { first, longest } = this.#retryMs;
    const delayMs = Math.min(longest, first * 2 ** this.#retries);
    this.#retries += 1;
    if (!this.isFenced()) this.#current = { state: 'retrying', detail };
    this.#unwellSinceMs ??= this.#clock.monotonicMs();
    return delayMs;
  }

  /** The store has applied something: the next pause is a first one again. */
  applied(): void {
    this.#retries = 0;
    this.well();
  }

  /** The store has all that is chosen. */
  well(): void {
    if (this.isFenced()) return;
    this.#current = WELL;
    this.#unwellSinceMs = undefined;
  }

  fence(detail: string): void {
    this.#current = { state: 'fenced', detail };
    this.#unwellSinceMs ??= this.#clock.monotonicMs();
  }
}
