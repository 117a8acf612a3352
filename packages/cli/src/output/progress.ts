/**
 * One line on standard error that is written over while something goes on. Where nobody watches (a pipe, a file)
 * only the last state is written, once.
 */
export class ProgressLine {
  readonly #stream: NodeJS.WriteStream;
  #shown = '';

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
  }

  update(text: string): void {
    if (!this.#stream.isTTY || text === this.#shown) return;
    this.#stream.write(`\r\u001b[K${text}`);
    this.#shown = text;
  }

  /** Leaves `text` standing, or nothing when it is empty. */
  end(text: string): void {
    if (this.#shown !== '') this.#stream.write('\r\u001b[K');
    if (text !== '') this.#stream.write(`${text}\n`);
    this.#shown = '';
  }
}
