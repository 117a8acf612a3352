/**
 * Holds back what was refused for now, and lets all of it go again after a back-off or as soon as another node is
 * there. One timer for all commands; the delay grows while refusals follow each other and starts over at a result.
 */
import { Backoff } from './backoff.ts';
import type { Timer } from './clock.ts';
import type { ClientSettings } from './options.ts';
import type { PendingCommand } from './pending.ts';
import type { PendingWindow } from './pending-window.ts';
import type { SessionKeeper } from './session-keeper.ts';

export class RetryGate {
  readonly #settings: ClientSettings;
  readonly #window: PendingWindow;
  readonly #sessions: SessionKeeper;
  readonly #onOpen: () => void;
  readonly #backoff: Backoff;
  #timer: Timer | undefined = undefined;

  /** `onOpen`: held commands are waiting again, now. */
  constructor(settings: ClientSettings, window: PendingWindow, sessions: SessionKeeper, onOpen: () => void) {
    this.#settings = settings;
    this.#window = window;
    this.#sessions = sessions;
    this.#onOpen = onOpen;
    this.#backoff = new Backoff(settings.backoffMinMs, settings.backoffMaxMs, settings.random);
  }

  hold(command: PendingCommand): void {
    command.state = 'held';
    this.#arm();
  }

  /** The opening of a session was refused for now. */
  holdSession(): void {
    this.#sessions.isHeld = true;
    this.#arm();
  }

  /** There is a node that has not refused anything yet. */
  release(): void {
    this.#sessions.isHeld = false;
    this.#window.forEach((command) => {
      if (command.state === 'held') command.state = 'waiting';
    });
    this.#onOpen();
  }

  onResult(): void {
    this.#backoff.reset();
  }

  cancel(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #arm(): void {
    this.#timer ??= this.#settings.clock.after(this.#backoff.next(), () => {
      this.#timer = undefined;
      this.release();
    });
  }
}
