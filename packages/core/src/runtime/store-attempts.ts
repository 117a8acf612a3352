/**
 * Hands a slot to the store until the store has taken it: one that is in trouble is asked again with the same batch, after
 * pauses that grow. What follows from its results, and from a store that came back older or contradicts the log, is the
 * business of `applier.ts`.
 */
import type { Result } from '@quorate/wire';
import { type Backend, BackendRewound, BackendUnavailable } from '../ports/backend.ts';
import type { Clock } from '../ports/clock.ts';
import type { Logger } from '../ports/logger.ts';
import { messageOf } from './message-of.ts';
import { rewindWaiters, tellUnknown } from './refusals.ts';
import type { Planned } from './slot-plan.ts';
import type { StoreHealth } from './store-health.ts';

export type AttemptHost = {
  readonly backend: Backend;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Nothing is asked of the store any more, and what it still answers goes nowhere. */
  isStopped(): boolean;
  /** Nothing else may be asked of the store, until it may again. */
  setBusy(isBusy: boolean): void;
  /** What the store gave for the batch, not looked at. */
  onResults(planned: Planned, results: readonly Result[]): void;
  /** The store came back older than it was; whoever waits was told. */
  onRewound(detail: string): void;
  /** The store cannot take what every other one takes. */
  onFailure(planned: Planned, detail: string): void;
  /** The slot is dealt with, later than at once: what follows may be applied. */
  goOn(): void;
  /** Asynchronous work ended: answers may wait to be sent. */
  onProgress(): void;
};

export class StoreAttempts {
  readonly #host: AttemptHost;
  readonly #health: StoreHealth;

  constructor(host: AttemptHost, health: StoreHealth) {
    this.#host = host;
    this.#health = health;
  }

  begin(planned: Planned): void {
    const host = this.#host;
    let results: readonly Result[] | Promise<readonly Result[]>;
    try {
      results = host.backend.apply(planned.batch);
    } catch (error) {
      return this.#onTrouble(planned, error);
    }
    if (!(results instanceof Promise)) return host.onResults(planned, results);
    host.setBusy(true);
    results.then(
      (done) => {
        if (host.isStopped()) return;
        host.setBusy(false);
        host.onResults(planned, done);
        host.goOn();
        host.onProgress();
      },
      (error: unknown) => {
        if (host.isStopped()) return;
        host.setBusy(false);
        this.#onTrouble(planned, error);
        host.onProgress();
      },
    );
  }

  #onTrouble(planned: Planned, error: unknown): void {
    const host = this.#host;
    if (this.#health.isFenced()) return tellUnknown(planned.waiters, this.#health.current.detail);
    if (error instanceof BackendRewound) {
      rewindWaiters(planned.waiters, error.message);
      return host.onRewound(error.message);
    }
    if (!(error instanceof BackendUnavailable)) return host.onFailure(planned, messageOf(error));
    this.#tryAgain(planned, error.message);
  }

  #tryAgain(planned: Planned, detail: string): void {
    const host = this.#host;
    const { slot } = planned.batch;
    host.setBusy(true);
    const delayMs = this.#health.trouble(detail);
    host.logger.warn('the backend cannot store now; the slot will be applied again', {
      slot,
      delayMs,
      detail,
    });
    host.clock.after(delayMs, () => {
      if (host.isStopped()) return;
      host.setBusy(false);
      if (this.#health.isFenced()) tellUnknown(planned.waiters, this.#health.current.detail);
      else this.begin(planned);
      host.goOn();
      host.onProgress();
    });
  }
}
