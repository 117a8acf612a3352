/**
 * The Redis backend: one Redis server for each replica, filled by nobody else.
 *
 * One slot is one script inside the server (`lua/apply.lua`): it compares the mark, deletes what is due by log time, runs
 * the commands, and stores mark, records and results. An error of a command is its Result, and the rest goes on. The server
 * needs no disk: one that comes back empty or older says so by its mark and is filled again from the log.
 */
import {
  type AppliedMark,
  type ApplyBatch,
  asSlot,
  type Backend,
  type BackendContext,
  BackendDiverged,
  type BackendHealth,
  type BackendImage,
  type BackendSnapshot,
  BackendUnavailable,
  equalMarks,
  fingerprint,
  judgeStep,
  type Parsed,
  type Slot,
} from '@quorate/core/ports';
import { type CommandInput, decodeUtf8, encodeUtf8, type Result } from '@quorate/wire';
import { answerRead } from './answer-read.ts';
import {
  decodeRedisCommand,
  describeCommand,
  parseRedisCommand,
  type RedisCommand,
  type SingleCommand,
} from './commands/redis-command.ts';
import { Image } from './image.ts';
import { type RedisOptions, readOptions } from './options.ts';
import { proposeMembers } from './propose-members.ts';
import { readPackedReplies } from './reply/convert.ts';
import { pack } from './reply/msgpack.ts';
import { resultOf } from './reply/redis-reply.ts';
import { RedisServer } from './server/redis-server.ts';
import { checkRights, rightsOf } from './server/requirements.ts';
import { APPLY, OPEN } from './server/scripts.ts';
import { isServerTrouble, messageOf } from './server/trouble.ts';
import { loadSnapshot, writeSnapshot } from './snapshot.ts';
import { markText, readMarkText } from './stored-mark.ts';
import { checkSnapshot, foreignWrites, readStore } from './stored-state.ts';

export class RedisBackend implements Backend<RedisCommand> {
  readonly name = 'redis';
  readonly durability = 'durable';
  readonly #options: RedisOptions;
  readonly #server: RedisServer;
  #context: BackendContext | undefined;
  /** What the store must hold; undefined until it was opened. */
  #mark: AppliedMark | undefined;
  /** A slot that was sent and not answered: the store may hold this as well. */
  #sent: AppliedMark | undefined;
  #isOpen = false;
  #logTimeMs = 0;
  /** Images that the server could not be told about. */
  readonly #unreleased = new Set<Image>();

  /** @throws QuorateError CONFIG_INVALID */
  constructor(options?: unknown) {
    this.#options = readOptions(options);
    this.#server = new RedisServer(this.#options, () => this.#onConnected());
  }

  async open(context: BackendContext): Promise<BackendImage> {
    if (this.#context === undefined)
      context.signal.addEventListener('abort', () => this.#server.close(), { once: true });
    if (context.signal.aborted) throw new BackendUnavailable('the backend was told to end');
    this.#context = context;
    this.#isOpen = false;
    const reply = await this.#server.run(OPEN, [String(context.node), '1']);
    const stored = readStore(reply, context, this.#server.where);
    this.#unreleased.clear();
    this.#adopt(stored.image.mark, stored.logTimeMs);
    this.#isOpen = true;
    return stored.image;
  }

  /** A new connection: the server behind it may have been restarted, or be another one. */
  async #onConnected(): Promise<void> {
    if (!this.#isOpen || this.#context === undefined) return;
    const reply = await this.#server.runFirst(OPEN, [String(this.#context.node), '0']);
    const { mark } = readStore(reply, this.#context, this.#server.where).image;
    if (mark !== undefined && this.#sent !== undefined && equalMarks(mark, this.#sent)) return;
    const { clusterId, group } = this.#context;
    const expected = this.#mark ?? { clusterId, group, slot: asSlot(0), digest: '' };
    judgeStep(mark, { previous: expected, next: expected });
  }

  #adopt(mark: AppliedMark | undefined, logTimeMs: number): void {
    this.#mark = mark;
    this.#sent = undefined;
    this.#logTimeMs = logTimeMs;
  }

  parse(input: CommandInput): Parsed<RedisCommand> {
    const parsed = parseRedisCommand(input);
    return parsed.ok ? { ok: true, command: parsed.command, access: parsed.command.access } : parsed;
  }

  encode(command: RedisCommand): Uint8Array {
    return command.bytes;
  }

  decode(bytes: Uint8Array): RedisCommand {
    return decodeRedisCommand(bytes);
  }

  explain(input: CommandInput): string {
    const parsed = parseRedisCommand(input);
    if (!parsed.ok) return `refused: ${parsed.error.split('\n', 1)[0]}`;
    const { command } = parsed;
    const shown = describeCommand(command).replace(/\n/g, ' ');
    if (command.access === 'read') return `read, not logged: ${shown}`;
    const isPop = command.parts.some(({ name }) => name === 'SPOP');
    return isPop ? `logged, with members that the leader proposes: ${shown}` : `logged: ${shown}`;
  }

  /** Members for an SPOP: see propose-members.ts. */
  prepare(command: RedisCommand): RedisCommand | Promise<RedisCommand> {
    const [part] = command.parts;
    if (command.isAtomic || part === undefined || part.name !== 'SPOP') return command;
    return proposeMembers(command, part, this.#server);
  }

  async apply(batch: ApplyBatch<RedisCommand>): Promise<readonly Result[]> {
    const { previous, next, slot, logTimeMs } = batch;
    const commands = batch.commands.map(({ command }) =>
      command.isAtomic ? command.parts.map(({ words }) => words) : (command.parts[0] as SingleCommand).words,
    );
    const records = batch.records.map(({ key, value }) => [encodeUtf8(key), value ?? (false as const)]);
    const isFirst = previous.slot === 0 ? '1' : '0';
    this.#sent = next;
    const reply = await this.#server.run(APPLY, [
      markText(previous),
      markText(next),
      isFirst,
      String(logTimeMs),
      String(slot),
      pack([commands, records, rightsOf(namesIn(batch))]),
    ]);
    const [outcome, first, second] = reply as readonly Uint8Array[];
    const word = decodeUtf8(outcome as Uint8Array);
    if (word !== 'applied' && word !== 'repeated') this.#refuse(batch, word, first, second);
    this.#adopt(next, logTimeMs);
    return readPackedReplies(first as Uint8Array).map(resultOf);
  }

  /** @throws BackendUnavailable, BackendDiverged, BackendRewound always */
  #refuse(batch: ApplyBatch<RedisCommand>, word: string, first?: Uint8Array, second?: Uint8Array): never {
    const { where } = this.#server;
    const text = decodeUtf8(first ?? new Uint8Array(0));
    if (word === 'forbidden') checkRights(text.split(', '), where);
    if (word === 'foreign') throw foreignWrites(where, text, decodeUtf8(second ?? new Uint8Array(0)));
    judgeStep(readMarkText(text, where), batch);
    throw new BackendDiverged(`Redis at ${where} refused slot ${batch.slot} for no reason that is known`);
  }

  query(command: RedisCommand): Promise<Result> {
    return answerRead(command, this.#server, this.#logTimeMs);
  }

  /** A server that appends to its file and flushes before it answers keeps everything; of others nothing is promised. */
  async flush(): Promise<Slot> {
    const slot = this.#mark?.slot ?? asSlot(0);
    try {
      const reply = await this.#server.ask('CONFIG', ['GET', 'append*']);
      const words = (reply as readonly Uint8Array[]).map((each) => decodeUtf8(each));
      const settings = new Map(
        words.flatMap((name, index) => (index % 2 === 0 ? [[name, words[index + 1]] as const] : [])),
      );
      const isDurable = settings.get('appendonly') === 'yes' && settings.get('appendfsync') === 'always';
      return isDurable ? slot : asSlot(0);
    } catch (error) {
      if (isServerTrouble(error)) throw this.#server.trouble(error);
      return asSlot(0);
    }
  }

  async snapshot(): Promise<BackendSnapshot> {
    const image = await Image.begin(this.#server);
    const mark = readMarkText(image.head.markText, this.#server.where);
    return {
      slot: mark?.slot ?? asSlot(0),
      chunks: writeSnapshot(image, () => this.#release(image)),
      release: () => this.#release(image),
    };
  }

  async restore(snapshot: {
    readonly slot: Slot;
    readonly chunks: AsyncIterable<Uint8Array>;
  }): Promise<BackendImage> {
    const context = this.#context;
    if (context === undefined) throw new BackendUnavailable('the backend is not open');
    try {
      const head = await loadSnapshot(
        this.#server,
        snapshot.chunks,
        ({ markText: text }) => checkSnapshot(readMarkText(text, 'the snapshot'), snapshot.slot, context),
        context.node,
      );
      const mark = readMarkText(head.markText, this.#server.where);
      this.#adopt(mark, head.logTimeMs);
      return {
        mark,
        records: head.records,
        lastResults: readPackedReplies(head.packedResults).map(resultOf),
      };
    } catch (error) {
      if (error instanceof BackendUnavailable) throw error;
      throw new BackendUnavailable(`the snapshot cannot be used: ${messageOf(error)}`, { cause: error });
    }
  }

  async digest(): Promise<string> {
    const image = await Image.begin(this.#server);
    try {
      return fingerprint(encodeUtf8(await image.sums()));
    } finally {
      await this.#release(image);
    }
  }

  /** An image costs the server memory until it knows that nobody reads it any more. */
  async #release(image: Image): Promise<void> {
    if (await image.release()) this.#unreleased.delete(image);
    else this.#unreleased.add(image);
  }

  async health(): Promise<BackendHealth> {
    try {
      const { version, usedMemory, maxMemory } = await this.#server.check();
      for (const image of this.#unreleased) await this.#release(image);
      const limit = maxMemory === 0 ? '' : ` of ${mebibytes(maxMemory)}`;
      return {
        ok: true,
        detail: `Redis ${version} at ${this.#server.where}, ${mebibytes(usedMemory)}${limit} in use`,
      };
    } catch (error) {
      return { ok: false, detail: messageOf(error) };
    }
  }

  compatibility(): Readonly<Record<string, string>> {
    const { facts } = this.#server;
    if (facts === undefined) return {};
    return {
      'redis version': facts.version.split('.').slice(0, 2).join('.'),
      'redis machine': facts.machine,
    };
  }

  async close(): Promise<void> {
    this.#server.close();
  }
}

function namesIn({ commands }: ApplyBatch<RedisCommand>): ReadonlySet<string> {
  const names = new Set<string>();
  for (const { command } of commands) for (const { name } of command.parts) names.add(name);
  return names;
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
