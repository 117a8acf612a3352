/**
 * The embedded server has one session. Several of ours share it: each has it for a transaction, or for one statement
 * outside one, and then whoever waited longest. What their settings differ in is changed in between.
 */
import { Duplex } from 'node:stream';
import type { SessionSettings } from './link.ts';
import { isOutsideTransaction, type Question, QuestionReader, queryOf, WELCOME } from './protocol-units.ts';

/** Asks the server; `onPiece` is given the answer as it comes. @returns the last piece, which is never empty */
export type AskServer = (question: Question, onPiece: (bytes: Uint8Array) => void) => Promise<Uint8Array>;

export class SharedSession {
  readonly #ask: AskServer;
  readonly #streams = new Set<SessionStream>();
  /** Who wants to ask, and who has the session because a transaction of theirs is open. */
  readonly #waiting: SessionStream[] = [];
  #holder: SessionStream | undefined;
  #settings: SessionSettings = {};
  #isBusy = false;
  /** Why there is no server any more. */
  #broken: Error | undefined;

  constructor(ask: AskServer) {
    this.#ask = ask;
  }

  /** @throws BackendUnavailable when the server has ended */
  connect(settings: SessionSettings): Duplex {
    if (this.#broken !== undefined) throw this.#broken;
    const stream = new SessionStream(settings, () => this.#wake(stream));
    this.#streams.add(stream);
    return stream;
  }

  /** Ends all of them. */
  breakOff(why: Error): void {
    this.#broken ??= why;
    for (const stream of this.#streams) stream.destroy(why);
    this.#streams.clear();
  }

  /** Something is to be done for `stream`: a question, or cleaning up behind it. */
  #wake(stream: SessionStream): void {
    this.#queue(stream);
    if (this.#isBusy || this.#broken !== undefined) return;
    this.#isBusy = true;
    this.#work().catch((error: unknown) => this.breakOff(error as Error));
  }

  async #work(): Promise<void> {
    for (let stream = this.#next(); stream !== undefined; stream = this.#next()) {
      const question = stream.questions.shift();
      if (stream.destroyed) await this.#leave(stream);
      else if (question !== undefined) await this.#serve(stream, question);
    }
    this.#isBusy = false;
  }

  /** The holder of an open transaction goes before everybody else. */
  #next(): SessionStream | undefined {
    const place = this.#holder === undefined ? 0 : this.#waiting.indexOf(this.#holder);
    return place === -1 ? undefined : this.#waiting.splice(place, 1)[0];
  }

  async #serve(stream: SessionStream, question: Question): Promise<void> {
    await this.#changeSettings(stream.settings);
    const last = await this.#ask(question, (piece) => stream.answer(piece));
    this.#holder = isOutsideTransaction(last) ? undefined : stream;
    if (stream.destroyed || stream.questions.length > 0) this.#queue(stream);
  }

  #queue(stream: SessionStream): void {
    if (!this.#waiting.includes(stream)) this.#waiting.push(stream);
  }

  /** What it left open is taken back, as a server does when a connection ends. */
  async #leave(stream: SessionStream): Promise<void> {
    this.#streams.delete(stream);
    if (this.#holder !== stream) return;
    await this.#ask(queryOf('ROLLBACK'), ignore);
    this.#holder = undefined;
  }

  async #changeSettings(wanted: SessionSettings): Promise<void> {
    if (this.#holder !== undefined || wanted === this.#settings) return;
    const before = this.#settings;
    const gone = Object.keys(before).filter((name) => !(name in wanted));
    const changed = Object.entries(wanted).filter(([name, value]) => before[name] !== value);
    const sql = [
      ...gone.map((name) => `RESET ${name}`),
      ...changed.map(([name, value]) => `SET ${name} TO '${value.replaceAll("'", "''")}'`),
    ];
    if (sql.length > 0) await this.#ask(queryOf(sql.join(';')), ignore);
    this.#settings = wanted;
  }
}

function ignore(): void {}

/** One session of ours, as the client of `pg` sees its socket. */
class SessionStream extends Duplex {
  readonly settings: SessionSettings;
  /** Bounded by what a batch sends: the client waits for the answers before it sends the next. */
  readonly questions: Question[] = [];
  readonly #reader = new QuestionReader();
  readonly #wake: () => void;

  constructor(settings: SessionSettings, wake: () => void) {
    super();
    this.settings = settings;
    this.#wake = wake;
  }

  answer(bytes: Uint8Array): void {
    if (!this.destroyed) this.push(bytes);
  }

  /** There is nothing to connect to; says so as a socket would. */
  connect(): this {
    setImmediate(() => this.emit('connect'));
    return this;
  }

  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  override _read(): void {
    // Answers are pushed as they come.
  }

  override _write(bytes: Uint8Array, _encoding: string, done: () => void): void {
    const { questions, isFirst, isLast } = this.#reader.read(bytes);
    if (isFirst) this.push(WELCOME);
    this.questions.push(...questions);
    if (questions.length > 0) this.#wake();
    if (isLast) this.destroy();
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.questions.length = 0;
    this.#wake();
    done(error);
  }
}
