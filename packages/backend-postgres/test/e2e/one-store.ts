/** A backend over one database, fed slots as the framework does. */
import type { AppliedMark, ApplyBatch, BackendImage, Slot } from '@quorate/core/ports';
import { asSlot } from '@quorate/core/ports';
import type { Result } from '@quorate/wire';
import { checkOptions } from '#src/options.ts';
import { PostgresBackend } from '#src/postgres-backend.ts';
import { readSqlResult } from '#src/result.ts';
import type { SqlCommand } from '#src/sql/command.ts';
import type { SqlLanguage } from '#src/sql-language.ts';
import { PLAIN_SQL } from './plain-sql.ts';

const START: AppliedMark = { clusterId: 'test', group: 0, slot: asSlot(0), digest: '0'.repeat(16) };

export class OneStore {
  readonly backend: PostgresBackend;
  mark = START;

  constructor(
    url: string,
    options: Readonly<Record<string, unknown>> = {},
    language: SqlLanguage = PLAIN_SQL,
  ) {
    this.backend = new PostgresBackend(checkOptions({ url, ...options }), language);
  }

  static async open(url: string, options?: Readonly<Record<string, unknown>>): Promise<OneStore> {
    const store = new OneStore(url, options);
    await store.reopen();
    return store;
  }

  /** As the framework does at the start, and when the store came back older. */
  async reopen(): Promise<BackendImage> {
    const { signal } = new AbortController();
    const image = await this.backend.open({
      clusterId: 'test',
      group: 0,
      node: 1,
      directory: '/tmp',
      signal,
      options: {},
    });
    this.mark = image.mark ?? START;
    return image;
  }

  batch(texts: readonly (string | SqlCommand)[]): ApplyBatch<SqlCommand> {
    const slot = asSlot(this.mark.slot + 1);
    const digest = slot.toString(16).padStart(16, 'a');
    const commands = texts.map((text, ordinal) => ({ ordinal, command: commandOf(text) }));
    return {
      slot,
      logTimeMs: 1,
      commands,
      previous: this.mark,
      next: { ...this.mark, slot, digest },
      records: [],
    };
  }

  async apply(...texts: readonly (string | SqlCommand)[]): Promise<readonly Result[]> {
    const batch = this.batch(texts);
    const results = await this.backend.apply(batch);
    this.mark = batch.next;
    return results;
  }

  /** Refusals by code, successes by the rows of the last statement. */
  async outcomes(...texts: readonly (string | SqlCommand)[]): Promise<unknown[]> {
    return (await this.apply(...texts)).map(outcomeOf);
  }

  async read(text: string): Promise<unknown> {
    return outcomeOf(await this.backend.query(commandOf(text)));
  }

  async snapshot(): Promise<{ slot: Slot; chunks: Uint8Array[] }> {
    const snapshot = await this.backend.snapshot();
    const chunks: Uint8Array[] = [];
    for await (const chunk of snapshot.chunks) chunks.push(chunk);
    await snapshot.release();
    return { slot: snapshot.slot, chunks };
  }

  async restore({ slot, chunks }: { slot: Slot; chunks: readonly Uint8Array[] }): Promise<void> {
    const stream = async function* (): AsyncGenerator<Uint8Array> {
      yield* chunks;
    };
    this.mark = (await this.backend.restore({ slot, chunks: stream() })).mark ?? START;
  }
}

export function commandOf(text: string | SqlCommand): SqlCommand {
  if (typeof text !== 'string') return text;
  const parsed = PLAIN_SQL.parse({ form: 'text', text }, undefined);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.command;
}

function outcomeOf(result: Result): unknown {
  if (!result.ok) return result.code;
  const last = readSqlResult(result.value ?? new Uint8Array(0)).at(-1);
  return last?.rows ?? last?.rowCount ?? null;
}
