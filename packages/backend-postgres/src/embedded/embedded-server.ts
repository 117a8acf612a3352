/**
 * PostgreSQL within the node: PGlite, which is PostgreSQL compiled to WebAssembly, in a thread of its own.
 *
 * It does not flush its files, so they are never trusted: every start makes an empty database, and the node fills it
 * again from the log.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { BackendUnavailable } from '@quorate/core/ports';
import { QuorateError } from '@quorate/wire';
import type { EmbeddedServer, SessionSettings } from './link.ts';
import { SharedSession } from './shared-session.ts';
import { EmbeddedThread } from './thread.ts';

const PACKAGE = '@electric-sql/pglite';
const VERSION = '0.5.14';

type Running = { readonly thread: EmbeddedThread; readonly session: SharedSession };

export class PGliteServer implements EmbeddedServer {
  readonly #directory: () => string;
  readonly #module: string;
  #thread: EmbeddedThread | undefined;
  #running: Promise<Running> | undefined;
  #isStopped = false;

  /**
   * `directory` is the node's for this backend, known when the first session is made; the files are in `pglite` within
   * it. @throws QuorateError CONFIG_INVALID without the package
   */
  constructor(directory: () => string) {
    this.#directory = directory;
    this.#module = locate();
  }

  get isRunning(): boolean {
    return this.#running !== undefined;
  }

  /** Unless it runs: with an empty database. @throws BackendUnavailable */
  async start(): Promise<void> {
    if (this.#running === undefined) {
      const running = this.#start();
      this.#running = running;
      const forget = (): void => {
        if (this.#running === running) this.#running = undefined;
      };
      running.then(({ thread }) => thread.ended.then(forget), forget);
    }
    await this.#running;
  }

  async connect(settings: SessionSettings): Promise<Duplex> {
    if (this.#running === undefined) throw new BackendUnavailable('the embedded PostgreSQL does not run');
    return (await this.#running).session.connect(settings);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.crash();
  }

  /** Ends what runs, in the middle of whatever it does. It may be started again. */
  async crash(): Promise<void> {
    this.#running = undefined;
    this.#thread?.terminate();
    await this.#thread?.ended;
  }

  async #start(): Promise<Running> {
    const directory = join(this.#directory(), 'pglite');
    await this.#thread?.ended;
    // What an earlier life left may be half written.
    await rm(directory, { recursive: true, force: true });
    if (this.#isStopped) throw new BackendUnavailable('the backend is closed');
    const thread = new EmbeddedThread({ module: this.#module, directory });
    this.#thread = thread;
    const session = new SharedSession((question, onPiece) => thread.ask(question, onPiece));
    void thread.ended.then((why) => session.breakOff(why));
    await thread.started;
    return { thread, session };
  }
}

/** @throws QuorateError CONFIG_INVALID with what to install */
function locate(): string {
  try {
    return import.meta.resolve(PACKAGE);
  } catch (error) {
    throw new QuorateError(
      'CONFIG_INVALID',
      `\`embedded: true\` needs the package ${PACKAGE}: npm install ${PACKAGE}@${VERSION}, or give \`url\` of a server`,
      { cause: error },
    );
  }
}
