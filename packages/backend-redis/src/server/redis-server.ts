/**
 * The one connection to the Redis server of a replica. Made when it is needed, checked when it is made, and thrown
 * away after any doubt: a lost connection has to reach the replica as trouble of its store, so nothing here connects
 * again, queues or resends by itself. Errors are those of trouble.ts.
 */
import { BackendDiverged, BackendUnavailable } from '@quorate/core/ports';
import { decodeUtf8 } from '@quorate/wire';
import { Command, Redis } from 'ioredis';
import type { RedisOptions } from '../options.ts';
import {
  type CommandRow,
  checkCommands,
  checkRights,
  checkServer,
  readInfo,
  type ServerFacts,
  usedCommands,
  usedRights,
} from './requirements.ts';
import { RIGHTS, type Script } from './scripts.ts';
import { isReplyError, isUnknownScript, troubleOf } from './trouble.ts';

export type Word = string | Uint8Array;

/** As the client library gives it: integers as text, all strings as bytes. */
export type RawReply = Uint8Array | string | null | readonly RawReply[];

export class RedisServer {
  /** Host and port, for messages. */
  readonly where: string;
  readonly #options: RedisOptions;
  readonly #onConnected: () => Promise<void>;
  #client: Redis | undefined;
  #connecting: Promise<Redis> | undefined;
  #facts: ServerFacts | undefined;
  #isClosed = false;

  /** `onConnected` runs after every new connection, before anything of others is asked. */
  constructor(options: RedisOptions, onConnected: () => Promise<void>) {
    this.#options = options;
    this.where = `${options.host}:${options.port}`;
    this.#onConnected = onConnected;
  }

  /** Of the last server that was connected to. */
  get facts(): ServerFacts | undefined {
    return this.#facts;
  }

  /** @throws BackendUnavailable */
  async connect(): Promise<void> {
    if (!this.#isReady()) await this.#connected();
  }

  /** One command. @returns its reply; an error of the server rejects as it came, see `isReplyError` */
  async ask(name: string, words: readonly Word[]): Promise<RawReply> {
    const client = this.#isReady() ? (this.#client as Redis) : await this.#connected();
    return this.#send(client, name, words);
  }

  /** @throws BackendUnavailable for everything that goes wrong */
  async run(script: Script, words: readonly Word[]): Promise<RawReply> {
    try {
      const client = this.#isReady() ? (this.#client as Redis) : await this.#connected();
      return await this.#runOn(client, script, words);
    } catch (error) {
      throw this.trouble(error);
    }
  }

  /** The same within `onConnected`, while nobody else may use the connection yet. */
  async runFirst(script: Script, words: readonly Word[]): Promise<RawReply> {
    if (this.#client === undefined)
      throw new BackendUnavailable(`Redis at ${this.where}: the connection was lost`);
    return this.#runOn(this.#client, script, words);
  }

  trouble(error: unknown): BackendUnavailable | BackendDiverged {
    const isKnown = error instanceof BackendUnavailable || error instanceof BackendDiverged;
    return isKnown ? error : troubleOf(error, this.where);
  }

  /** The connection is thrown away; what is under way fails. The next call makes another one. */
  drop(): void {
    this.#client?.disconnect();
    this.#client = undefined;
  }

  close(): void {
    this.#isClosed = true;
    this.drop();
  }

  /** `INFO` and the rights of the user, checked. @throws BackendUnavailable */
  async check(): Promise<ServerFacts> {
    try {
      const facts = this.#checkInfo(await this.ask('INFO', []));
      await this.#checkRights(this.#client as Redis);
      return facts;
    } catch (error) {
      throw this.trouble(error);
    }
  }

  #checkInfo(reply: RawReply): ServerFacts {
    this.#facts = checkServer(readInfo(decodeUtf8(reply as Uint8Array)), this.where);
    return this.#facts;
  }

  async #checkRights(client: Redis): Promise<void> {
    const refused = await this.#runOn(client, RIGHTS, usedRights());
    checkRights(
      (refused as readonly Uint8Array[]).map((name) => decodeUtf8(name)),
      this.where,
    );
  }

  #isReady(): boolean {
    return this.#connecting === undefined && this.#client?.status === 'ready';
  }

  async #runOn(client: Redis, script: Script, words: readonly Word[]): Promise<RawReply> {
    try {
      return await this.#send(client, 'EVALSHA', [script.sha, '0', ...words]);
    } catch (error) {
      if (!isUnknownScript(error)) throw error;
      return this.#send(client, 'EVAL', [script.source, '0', ...words]);
    }
  }

  async #send(client: Redis, name: string, words: readonly Word[]): Promise<RawReply> {
    const args = words.map((each) => (typeof each === 'string' ? each : bufferOver(each)));
    const command = new Command(name, args, { replyEncoding: null });
    try {
      return (await client.sendCommand(command)) as RawReply;
    } catch (error) {
      // After a time-out or a broken connection nobody knows what the server did: no reply of it may be taken for another.
      if (!isReplyError(error) && this.#client === client) this.drop();
      throw error;
    }
  }

  #connected(): Promise<Redis> {
    if (this.#isClosed) return Promise.reject(new BackendUnavailable('the backend is closed'));
    this.#connecting ??= this.#connect().finally(() => {
      this.#connecting = undefined;
    });
    return this.#connecting;
  }

  async #connect(): Promise<Redis> {
    this.drop();
    const client = newClient(this.#options);
    let lastError: Error | undefined;
    client.on('error', (error: Error) => {
      lastError = error;
    });
    try {
      await client.connect();
      this.#client = client;
      this.#checkInfo(await this.#send(client, 'INFO', []));
      checkCommands(
        commandRows(await this.#send(client, 'COMMAND', ['INFO', ...usedCommands()])),
        this.where,
      );
      await this.#checkRights(client);
      await this.#onConnected();
      return client;
    } catch (error) {
      client.disconnect();
      if (this.#client === client) this.#client = undefined;
      const isVague = error instanceof Error && error.message.startsWith('Connection is closed');
      throw this.trouble(isVague && lastError !== undefined ? lastError : error);
    }
  }
}

function newClient(options: RedisOptions): Redis {
  const { host, port, username, password, tls, commandTimeoutMs, connectTimeoutMs } = options;
  return new Redis({
    host,
    port,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(tls ? { tls: {} } : {}),
    lazyConnect: true,
    protocol: 2,
    stringNumbers: true,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    enableReadyCheck: false,
    autoResendUnfulfilledCommands: false,
    connectTimeout: connectTimeoutMs,
    commandTimeout: commandTimeoutMs,
    disableClientInfo: true,
  });
}

function commandRows(reply: RawReply): CommandRow[] {
  return (reply as readonly (readonly RawReply[] | null)[]).map((row) => {
    if (row === null) return null;
    const [name, arity, flags] = row as [Uint8Array, string, readonly Uint8Array[]];
    return [decodeUtf8(name), Number(arity), flags.map((flag) => decodeUtf8(flag))];
  });
}

function bufferOver(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
