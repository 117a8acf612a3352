/**
 * When a foreground process is asked to stop: by SIGTERM, by Ctrl-C, by the end of its terminal, by the end of the
 * process that started it or, if it talks to somebody, when nobody reads its output any more. The first request is
 * answered gracefully, a second SIGTERM or Ctrl-C ends the process at once.
 */
export type StopReason = 'SIGTERM' | 'SIGINT' | 'SIGHUP' | 'parent' | 'output';

/** A terminal that is closed may say so more than once; only these two force the end. */
const FORCING_SIGNALS = { SIGINT: 2, SIGTERM: 15 } as const;

export class StopRequest {
  /** Settles at the first request. */
  readonly requested: Promise<StopReason>;
  #reason: StopReason | undefined;
  readonly #removers: (() => void)[] = [];
  readonly #onOutputGone: () => void;
  static readonly #active = new Set<StopRequest>();

  /** A node that lost the reader of its log lines goes on ('ignore'): it is there for others. */
  constructor(whenOutputIsGone: 'stop' | 'ignore') {
    StopRequest.#active.add(this);
    let onOutputGone: () => void = () => undefined;
    this.requested = new Promise((resolve) => {
      const request = (reason: StopReason): void => {
        const isSecond = this.#reason !== undefined;
        this.#reason ??= reason;
        resolve(this.#reason);
        if (isSecond && (reason === 'SIGINT' || reason === 'SIGTERM')) {
          process.exit(128 + FORCING_SIGNALS[reason]);
        }
      };
      if (whenOutputIsGone === 'stop') onOutputGone = () => request('output');
      for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const)
        this.#listen(signal, () => request(signal));
      // Started with a channel to its parent, a node must not outlive it: nobody would know of it.
      if (process.send !== undefined) this.#listen('disconnect', () => request('parent'));
      if (process.send !== undefined && !process.connected) request('parent');
    });
    this.#onOutputGone = onOutputGone;
  }

  /** A stream of ours has lost its reader. False when nobody stops gracefully, so that the process may just end. */
  static reportOutputGone(): boolean {
    for (const request of StopRequest.#active) request.#onOutputGone();
    return StopRequest.#active.size > 0;
  }

  /** Signals have their usual effect again. */
  dispose(): void {
    StopRequest.#active.delete(this);
    for (const remove of this.#removers.splice(0)) remove();
  }

  #listen(event: NodeJS.Signals | 'disconnect', listener: () => void): void {
    process.on(event, listener);
    this.#removers.push(() => process.off(event, listener));
  }
}
