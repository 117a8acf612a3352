/**
 * The screen of a terminal, as far as a line editor uses it: text, line ends, moving the cursor, erasing. Colours
 * and whatever else is not known are dropped. Characters are taken to be one column wide.
 */

const ESC = '\u001b';
/** A control sequence, a single control character, or one character of text. */
const TOKEN = new RegExp(`${ESC}\\[([?\\d;]*)([A-Za-z])|${ESC}.|[\\s\\S]`, 'gu');
const UNFINISHED = new RegExp(`${ESC}(?:\\[[?\\d;]*)?$`);

export class Screen {
  readonly #rows: number;
  readonly #lines: string[] = [''];
  #row = 0;
  #column = 0;
  /** A sequence whose end has not come yet. */
  #rest = '';

  constructor(rows: number) {
    this.#rows = rows;
  }

  /** The last `rows` lines, without trailing blanks. */
  get text(): string {
    return this.#lines
      .slice(-this.#rows)
      .map((line) => line.trimEnd())
      .join('\n')
      .trimEnd();
  }

  write(chunk: string): void {
    const text = this.#rest + chunk;
    const cut = UNFINISHED.exec(text)?.index ?? text.length;
    this.#rest = text.slice(cut);
    for (const [token, parameters, command] of text.slice(0, cut).matchAll(TOKEN)) {
      if (command !== undefined) this.#control(command, Number.parseInt(parameters ?? '', 10));
      else if (!token.startsWith(ESC)) this.#put(token);
    }
  }

  #put(character: string): void {
    if (character === '\r') this.#column = 0;
    else if (character === '\n') this.#down();
    else if (character === '\b') this.#column = Math.max(0, this.#column - 1);
    else if (character >= ' ') {
      const line = this.#line.padEnd(this.#column);
      this.#line = line.slice(0, this.#column) + character + line.slice(this.#column + 1);
      this.#column += 1;
    }
  }

  #control(command: string, given: number): void {
    const count = Number.isNaN(given) ? 1 : given;
    if (command === 'A') this.#row = Math.max(0, this.#row - count);
    if (command === 'B') for (let step = 0; step < count; step++) this.#down();
    if (command === 'C') this.#column += count;
    if (command === 'D') this.#column = Math.max(0, this.#column - count);
    if (command === 'G') this.#column = count - 1;
    if (command === 'J' || command === 'K') this.#line = this.#line.slice(0, this.#column);
    if (command === 'J') this.#lines.length = this.#row + 1;
  }

  #down(): void {
    this.#row += 1;
    if (this.#row === this.#lines.length) this.#lines.push('');
  }

  get #line(): string {
    return this.#lines[this.#row] ?? '';
  }

  set #line(line: string) {
    this.#lines[this.#row] = line;
  }
}
