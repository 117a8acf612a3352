/**
 * Opens a store again that was away at the start or came back older than it was, as often as it takes, with pauses that
 * grow. What is to be done with the store that it finds is the business of `applier.ts`.
 */
import type { BackendImage } from '../ports/backend.ts';
import { BackendUnavailable } from '../ports/backend.ts';
import type { Clock } from '../ports/clock.ts';
import type { Logger } from '../ports/logger.ts';
import type { Slot } from '../protocol/types.ts';
import { messageOf } from './message-of.ts';
import type { StoreHealth } from './store-health.ts';

export type ReopenerHost = {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Opens the store; what it holds then may be older than what it held. */
  reopen(): Promise<BackendImage>;
  /** Nothing is asked of the store any more, and what it still answers goes nowhere. */
  isOver(): boolean;
  /** Goes on with what was found. @throws when it cannot be this node's */
  adopt(image: BackendImage): void;
  fence(detail: string): void;
  onProgress(): void;
};

export class StoreReopener {
  readonly #host: ReopenerHost;
  readonly #health: StoreHealth;

  constructor(host: ReopenerHost, health: StoreHealth) {
    this.#host = host;
    this.#health = health;
  }

  /** After a pause. `slot`: what is applied now. */
  begin(slot: Slot, detail: string): void {
    const { clock, logger } = this.#host;
    const delayMs = this.#health.trouble(detail);
    logger.warn('the backend will be opened again', { slot, delayMs, detail });
    clock.after(delayMs, () => {
      if (!this.#host.isOver()) this.#open(slot);
    });
  }

  #open(slot: Slot): void {
    const host = this.#host;
    host.reopen().then(
      (image) => {
        if (host.isOver()) return;
        try {
          host.adopt(image);
        } catch (error) {
          return host.fence(`the store that was opened again cannot be used: ${messageOf(error)}`);
        }
        host.onProgress();
      },
      (error: unknown) => {
        if (host.isOver()) return;
        if (error instanceof BackendUnavailable) this.begin(slot, error.message);
        else host.fence(`the store cannot be opened: ${messageOf(error)}`);
      },
    );
  }
}
