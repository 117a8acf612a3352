/**
 * The client as its user sees it: `get`, `set`, `del`, `exec`, events, and an end that drains.
 *
 * Every call gives a promise that settles exactly once: with the result, or with a `QuorateError` whose `outcome`
 * says whether the command may have taken effect. Retries inside a call never apply a command twice. How that is
 * done is the business of `command-engine.ts`.
 */
import { CommandEngine } from './command-engine.ts';
import type { CommandPart } from './command-slab.ts';
import { ClientEmitter, type ClientEventName, type ClientListener } from './events.ts';
import { type Leader, searchLeader } from './leader-search.ts';
import {
  type CallOptions,
  type ClientOptions,
  type ClientSettings,
  type ExecOptions,
  type ReadOptions,
  readOptions,
} from './options.ts';
import {
  type ExecResult,
  READ_ANY,
  READ_BYTES,
  READ_TEXT,
  WRITE_ANY,
  WRITE_BYTES,
  WRITE_TEXT,
  WRITTEN_BYTES,
  WRITTEN_TEXT,
} from './results.ts';

/** A line as people type it, or its arguments: binary-safe, without quoting. */
export type ClientCommand = string | readonly CommandPart[];

const GET = new TextEncoder().encode('GET');
const SET = new TextEncoder().encode('SET');
const DEL = new TextEncoder().encode('DEL');

/** How long `close()` waits for the cluster's word that the session is closed. */
const CLOSE_SESSION_MS = 1000;

/**
 * Connects on the first call. Idle, it keeps its connection and starts no other.
 *
 * @example
 * const client = createClient({ endpoints: 'quorate://127.0.0.1:6660,127.0.0.1:6661,127.0.0.1:6662' });
 * await client.set('some_key', 'the_value');
 * console.log(await client.get('some_key'));
 * await client.close();
 *
 * @throws ARGUMENT for options that make no sense.
 */
export function createClient(options: ClientOptions): QuorateClient {
  return new QuorateClient(options);
}

export class QuorateClient {
  readonly #settings: ClientSettings;
  readonly #events: ClientEmitter = new ClientEmitter();
  readonly #engine: CommandEngine;
  #closing: Promise<void> | undefined = undefined;
  #isClosed = false;

  constructor(options: ClientOptions) {
    this.#settings = readOptions(options);
    this.#engine = new CommandEngine(this.#settings, this.#events);
  }

  /** Calls that are not settled. */
  get pending(): number {
    return this.#engine.pending;
  }

  /** Commands sent and not answered; the rest of `pending` waits. */
  get inFlight(): number {
    return this.#engine.inFlight;
  }

  /** The leader as the connected node knows it; undefined while not connected or during an election. */
  get leader(): Leader | undefined {
    return this.#engine.navigator.leader;
  }

  /** Name of the cluster's backend, as the connected node says; undefined while not connected. */
  get backend(): string | undefined {
    return this.#engine.navigator.backend;
  }

  on<Name extends ClientEventName>(name: Name, listener: ClientListener<Name>): this {
    this.#events.on(name, listener);
    return this;
  }

  off<Name extends ClientEventName>(name: Name, listener: ClientListener<Name>): this {
    this.#events.off(name, listener);
    return this;
  }

  /** The value as UTF-8; `null` if there is none. @throws QuorateError, always with outcome 'none' */
  get(key: CommandPart, options?: ReadOptions): Promise<string | null> {
    return this.#engine.call(READ_TEXT, options, [GET, key]);
  }

  /** The value as bytes, the caller's to keep; `null` if there is none. */
  getBytes(key: CommandPart, options?: ReadOptions): Promise<Uint8Array | null> {
    return this.#engine.call(READ_BYTES, options, [GET, key]);
  }

  /** The value that is now stored. @throws QuorateError; RefusedError if the backend says no */
  set(key: CommandPart, value: CommandPart, options?: CallOptions): Promise<string> {
    return this.#engine.call(WRITTEN_TEXT, callOptions(options), [SET, key, value]);
  }

  setBytes(key: CommandPart, value: CommandPart, options?: CallOptions): Promise<Uint8Array> {
    return this.#engine.call(WRITTEN_BYTES, callOptions(options), [SET, key, value]);
  }

  /** The value that was there; `null` if there was none. @throws QuorateError; RefusedError if the backend says no */
  del(key: CommandPart, options?: CallOptions): Promise<string | null> {
    return this.#engine.call(WRITE_TEXT, callOptions(options), [DEL, key]);
  }

  delBytes(key: CommandPart, options?: CallOptions): Promise<Uint8Array | null> {
    return this.#engine.call(WRITE_BYTES, callOptions(options), [DEL, key]);
  }

  /**
   * Any command of any backend. A refusal by the backend is a result with `ok: false`. Without a `consistency` the
   * command may write, and is executed once however often it must be sent.
   */
  exec(command: ClientCommand, options?: ExecOptions): Promise<ExecResult> {
    const shape = options?.consistency === undefined ? WRITE_ANY : READ_ANY;
    return this.#engine.call(shape, options, command);
  }

  /** Who leads, as the nodes say. Waits for an election within the time-out. @throws CANNOT_CONNECT, NO_LEADER */
  async findLeader(options: CallOptions = {}): Promise<Leader> {
    const { isAtLeader, leader } = this.#engine.navigator;
    return isAtLeader && leader !== undefined ? leader : searchLeader(this.#settings, options);
  }

  /** Refuses new calls, waits for those in flight (at most `closeTimeoutMs`), closes the session and the sockets. */
  close(): Promise<void> {
    this.#closing ??= this.#drainAndClose();
    return this.#closing;
  }

  /** Gives up every call with CLOSED and cuts the sockets at once. */
  destroy(): void {
    this.#engine.rejectAll();
    this.#finish(false);
    this.#closing ??= Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #drainAndClose(): Promise<void> {
    await this.#engine.drain(this.#settings.closeTimeoutMs);
    await this.#engine.closeSession(CLOSE_SESSION_MS);
    this.#finish(true);
  }

  #finish(politely: boolean): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#engine.navigator.close(politely);
    this.#events.emit('close', undefined);
  }
}

/** Writes have one consistency; what an untyped caller puts there is not passed on. */
function callOptions(options: CallOptions | undefined): CallOptions | undefined {
  return options === undefined ? undefined : { signal: options.signal, timeoutMs: options.timeoutMs };
}
