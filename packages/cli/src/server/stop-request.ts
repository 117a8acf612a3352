/**
 * When a foreground process is asked to stop: by SIGTERM, by Ctrl-C, by the end of its terminal, or by the end of
 * the process that started it. The first request is answered gracefully, a second signal ends the process at once.
 */
export type StopReason = 'SIGTERM' | 'SIGINT' | 'SIGHUP' | 'parent';

const SIGNAL_NUMBERS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;

export class StopRequest {
  /** Settles at the first request. */
  readonly requested: Promise<StopReason>;
  #reason: StopReason | undefined;
  readonly #removers: (() => void)[] = [];

  constructor() {
    this.requested = new Promise((resolve) => {
      const request = (reason: StopReason): void => {
        const isSecond = this.#reason !== undefined;
        this.#reason ??= reason;
        resolve(this.#reason);
        if (isSecond && reason !== 'parent') process.exit(128 + SIGNAL_NUMBERS[reason]);
      };
      for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const)
        this.#listen(signal, () => request(signal));
      // Started with a channel to its parent, a node must not outlive it: nobody would know of it.
      if (process.send !== undefined) this.#listen('disconnect', () => request('parent'));
      if (process.send !== undefined && !process.connected) request('parent');
    });
  }

  /** Undefined while nobody asked. */
  get reason(): StopReason | undefined {
    return this.#reason;
  }

  /** Signals have their usual effect again. */
  dispose(): void {
    for (const remove of this.#removers.splice(0)) remove();
  }

  #listen(event: NodeJS.Signals | 'disconnect', listener: () => void): void {
    process.on(event, listener);
    this.#removers.push(() => process.off(event, listener));
  }
}
