/**
 * Notices a server that owes answers and gives none: hung, or behind a network that swallows everything. TCP itself
 * takes a quarter of an hour, and hours when nothing is on its way.
 */
export class SilenceWatch {
  readonly #timeoutMs: number | undefined;
  readonly #onSilence: (reason: Error) => void;
  #owed = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @param timeoutMs milliseconds; undefined watches nothing */
  constructor(timeoutMs: number | undefined, onSilence: (reason: Error) => void) {
    this.#timeoutMs = timeoutMs;
    this.#onSilence = onSilence;
  }

  /** Every answer, also to another question, begins the time anew. */
  watch(answer: Promise<unknown>): void {
    const timeoutMs = this.#timeoutMs;
    if (timeoutMs === undefined) return;
    this.#owed += 1;
    this.#timer ??= setTimeout(
      () => this.#onSilence(new Error(`the server has not answered for ${timeoutMs} ms`)),
      timeoutMs,
    );
    const settle = (): void => {
      this.#owed -= 1;
      if (this.#owed > 0) {
        this.#timer?.refresh();
        return;
      }
      clearTimeout(this.#timer);
      this.#timer = undefined;
    };
    answer.then(settle, settle);
  }
}
