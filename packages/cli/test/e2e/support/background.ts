/**
 * Work that goes on while a test does something to the cluster: a number of workers, each doing one thing after
 * the other until it is told to stop. Errors of the work end it and are the test's, at the latest at `stop`.
 */
export class Background {
  readonly #workers: Promise<void>;
  #stopped = false;
  #failure: { readonly error: unknown } | undefined;

  /** `work` is called again as soon as it is done; `turn` counts from 0 for each worker. */
  constructor(workers: number, work: (worker: number, turn: number) => Promise<void>) {
    this.#workers = Promise.all(
      Array.from({ length: workers }, (_, worker) => this.#run((turn) => work(worker, turn))),
    ).then(() => undefined);
  }

  /** Nothing new begins; resolves when what is under way has ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#workers;
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  async #run(work: (turn: number) => Promise<void>): Promise<void> {
    try {
      for (let turn = 0; !this.#stopped; turn++) await work(turn);
    } catch (error) {
      this.#failure ??= { error };
      this.#stopped = true;
    }
  }
}
