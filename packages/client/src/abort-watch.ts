/**
 * Listens to the signals of calls: one listener for each signal, however many calls share it, so that a program may
 * hang a thousand calls on one signal without a warning from Node, and none that outlives its calls.
 */
import type { PendingCommand } from './pending.ts';

type Watched = { readonly commands: Set<PendingCommand>; readonly onAbort: () => void };

export class AbortWatch {
  readonly #onAborted: (command: PendingCommand, reason: unknown) => void;
  /** Signals that have an unsettled call. */
  readonly #watched = new Map<AbortSignal, Watched>();

  /** `onAborted` settles the command, which then is forgotten. */
  constructor(onAborted: (command: PendingCommand, reason: unknown) => void) {
    this.#onAborted = onAborted;
  }

  /** The signal has not fired yet. */
  watch(command: PendingCommand, signal: AbortSignal): void {
    command.signal = signal;
    const watched = this.#watched.get(signal) ?? this.#listen(signal);
    watched.commands.add(command);
  }

  /** The command is settled. */
  forget(command: PendingCommand): void {
    const { signal } = command;
    if (signal === undefined) return;
    const watched = this.#watched.get(signal);
    if (watched === undefined) return;
    watched.commands.delete(command);
    if (watched.commands.size > 0) return;
    signal.removeEventListener('abort', watched.onAbort);
    this.#watched.delete(signal);
  }

  #listen(signal: AbortSignal): Watched {
    const commands = new Set<PendingCommand>();
    const onAbort = (): void => {
      // Each is forgotten as it is settled; a Set allows that while it is walked.
      for (const command of commands) this.#onAborted(command, signal.reason);
    };
    signal.addEventListener('abort', onAbort);
    const watched = { commands, onAbort };
    this.#watched.set(signal, watched);
    return watched;
  }
}
