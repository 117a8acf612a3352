/**
 * Gives up commands whose time is over, with one timer for all of them: it is set to the earliest deadline that was
 * noted, looks at every unsettled command when it fires, and is set again. In steady traffic that is one look per
 * time-out and not one timer per command.
 */
import type { Timer } from './clock.ts';
import type { ClientSettings } from './options.ts';
import type { PendingCommand } from './pending.ts';
import type { PendingWindow } from './pending-window.ts';

export class DeadlineWatch {
  readonly #settings: ClientSettings;
  readonly #window: PendingWindow;
  readonly #unreachableSinceMs: () => number | undefined;
  readonly #onExpired: (command: PendingCommand) => void;
  #timer: Timer | undefined = undefined;
  /** When the timer fires; at or before the time at which the first command is due. */
  #atMs = Number.POSITIVE_INFINITY;

  constructor(
    settings: ClientSettings,
    window: PendingWindow,
    unreachableSinceMs: () => number | undefined,
    onExpired: (command: PendingCommand) => void,
  ) {
    this.#settings = settings;
    this.#window = window;
    this.#unreachableSinceMs = unreachableSinceMs;
    this.#onExpired = onExpired;
  }

  note(command: PendingCommand): void {
    if (command.deadlineMs < this.#atMs || this.#unreachableSinceMs() !== undefined)
      this.#wakeBy(this.#dueMs(command));
  }

  /** From now on no node is connected, and commands that were never sent are due earlier. */
  onUnreachable(): void {
    this.#wakeBy(this.#settings.clock.now() + this.#settings.connectTimeoutMs);
  }

  cancel(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#atMs = Number.POSITIVE_INFINITY;
  }

  /** A command that was never sent does not wait its whole time for a connection. */
  #dueMs(command: PendingCommand): number {
    const sinceMs = this.#unreachableSinceMs();
    if (sinceMs === undefined || command.attempts > 0) return command.deadlineMs;
    const connectByMs = Math.max(command.issuedAtMs, sinceMs) + this.#settings.connectTimeoutMs;
    return Math.min(command.deadlineMs, connectByMs);
  }

  #wakeBy(atMs: number): void {
    if (atMs >= this.#atMs) return;
    this.#timer?.cancel();
    this.#atMs = atMs;
    this.#timer = this.#settings.clock.after(Math.max(0, atMs - this.#settings.clock.now()), () =>
      this.#sweep(),
    );
  }

  #sweep(): void {
    this.#timer = undefined;
    this.#atMs = Number.POSITIVE_INFINITY;
    const nowMs = this.#settings.clock.now();
    let nextMs = Number.POSITIVE_INFINITY;
    this.#window.forEach((command) => {
      const dueMs = this.#dueMs(command);
      if (dueMs <= nowMs) this.#onExpired(command);
      else nextMs = Math.min(nextMs, dueMs);
    });
    if (nextMs !== Number.POSITIVE_INFINITY) this.#wakeBy(nextMs);
  }
}
