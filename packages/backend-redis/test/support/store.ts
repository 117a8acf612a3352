/** One store as the framework would drive it: lines of text in, replies out, slots and marks in between. */
import assert from 'node:assert/strict';
import {
  createBackend,
  decodeReply,
  formatReply,
  type RedisBackend,
  type RedisReply,
} from '@quorate/backend-redis';
import type { TemporaryRedis } from '@quorate/backend-redis/testing';
import {
  type AppliedMark,
  type ApplyBatch,
  asSlot,
  type BackendImage,
  fingerprint,
} from '@quorate/core/ports';
import { type CommandInput, encodeUtf8, type Result } from '@quorate/wire';
import { freshServer } from './servers.ts';

type Command = ReturnType<RedisBackend['decode']>;

export const CLUSTER_ID = 'test cluster';

export class Store {
  readonly server: TemporaryRedis;
  readonly backend: RedisBackend;
  mark: AppliedMark = { clusterId: CLUSTER_ID, group: 0, slot: asSlot(0), digest: '0'.repeat(16) };
  /** Goes on by a millisecond with every slot. */
  logTimeMs = 1_700_000_000_000;

  constructor(server: TemporaryRedis) {
    this.server = server;
    this.backend = createBackend({ url: server.url });
  }

  static async start(settings: Readonly<Record<string, string>> = {}): Promise<Store> {
    const store = new Store(await freshServer({ settings }));
    await store.open();
    return store;
  }

  async open(node = 1, clusterId = CLUSTER_ID): Promise<BackendImage> {
    const { signal } = new AbortController();
    const context = { clusterId, group: 0, node, directory: '/', signal, options: undefined };
    const image = await this.backend.open(context);
    if (image.mark !== undefined) this.mark = image.mark;
    return image;
  }

  batchOf(commands: readonly Command[]): ApplyBatch<Command> {
    const slot = asSlot(this.mark.slot + 1);
    this.logTimeMs += 1;
    const digest = fingerprint(encodeUtf8(this.mark.digest + commands.length));
    return {
      slot,
      logTimeMs: this.logTimeMs,
      commands: commands.map((command, ordinal) => ({ command, ordinal })),
      previous: this.mark,
      next: { ...this.mark, slot, digest },
      records: [],
    };
  }

  async applyBatch(batch: ApplyBatch<Command>): Promise<readonly Result[]> {
    const results = await this.backend.apply(batch);
    this.mark = batch.next;
    return results;
  }

  /** Writes, as one slot. */
  async write(...lines: readonly string[]): Promise<string[]> {
    const results = await this.applyBatch(this.batchOf(lines.map((line) => this.commandOf(line))));
    return results.map(shown);
  }

  async read(line: string): Promise<string> {
    return shown(await this.backend.query(this.commandOf(line)));
  }

  async reply(line: string): Promise<RedisReply> {
    const result = await this.backend.query(this.commandOf(line));
    assert.ok(result.ok);
    return decodeReply(result.value);
  }

  /** The command as it comes out of the log. */
  commandOf(line: string | CommandInput): Command {
    const parsed = this.backend.parse(typeof line === 'string' ? { form: 'text', text: line } : line);
    assert.ok(parsed.ok, parsed.ok ? '' : parsed.error);
    return this.backend.decode(this.backend.encode(parsed.command));
  }
}

/** As redis-cli shows it, lists on one line. */
export function shown(result: Result): string {
  if (!result.ok) return `${result.code} ${result.message}`;
  return formatReply(result.value).replace(/\n\s*/g, ' ');
}
