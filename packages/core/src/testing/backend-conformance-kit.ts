/**
 * What the rules for backends share: the thing under test, a store run by a stand-in for the framework, random
 * commands and garbage. Everything random comes from the rule's seed.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CommandInput, encodeArguments, encodeUtf8, type Result } from '@quorate/wire';
import type { AppliedMark, ApplyBatch, Backend, BackendImage, SystemRecord } from '../ports/backend.ts';
import { fingerprint } from '../ports/fingerprint.ts';
import type { Random } from '../protocol/random.ts';
import { asSlot } from '../protocol/types.ts';

export type BackendSubject = {
  readonly name: string;
  /** A backend over a fresh, empty store of its own; not opened. */
  create(): Backend | Promise<Backend>;
  /** Commands that `parse` accepts, in both forms where there are both: at least one read and two writes. */
  readonly commands: readonly CommandInput[];
  /** What `parse` must refuse, with words for the person who typed it. */
  readonly refused: readonly CommandInput[];
  /** More commands than the list, for longer histories. */
  randomCommand?(random: Random): CommandInput;
  /** Results depend on the slot (generated ids): histories are then only compared slot by slot. */
  readonly usesSlot?: boolean;
  /** `backendOptions` as the configuration would have them. */
  readonly options?: unknown;
};

export const textCommand = (text: string): CommandInput => ({ form: 'text', text });

export function argumentsCommand(...words: readonly (string | Uint8Array)[]): CommandInput {
  return {
    form: 'arguments',
    bytes: encodeArguments(words.map((word) => (typeof word === 'string' ? encodeUtf8(word) : word))),
  };
}

export type ApplyOptions = { readonly logTimeMs?: number; readonly records?: readonly SystemRecord[] };

const CLUSTER_ID = 'conformance';
const START_MS = 1_700_000_000_000;

/** One store and its mark, fed as the framework would feed it: parsed, encoded, decoded, in slots. */
export class StoreRun {
  readonly backend: Backend;
  mark: AppliedMark;

  constructor(backend: Backend, image: BackendImage) {
    this.backend = backend;
    this.mark = image.mark ?? { clusterId: CLUSTER_ID, group: 0, slot: asSlot(0), digest: '0'.repeat(16) };
  }

  /** The log's bytes of a command that must parse. */
  bytesOf(input: CommandInput): Uint8Array {
    const parsed = this.backend.parse(input);
    assert.ok(parsed.ok, `parse refuses ${describeInput(input)}`);
    return this.backend.encode(parsed.command).slice();
  }

  isRead(input: CommandInput): boolean {
    const parsed = this.backend.parse(input);
    return parsed.ok && parsed.access === 'read';
  }

  /** The next slot; each command decoded from memory of its own. */
  batchOf(
    commands: readonly Uint8Array[],
    { logTimeMs, records = [] }: ApplyOptions = {},
  ): ApplyBatch<unknown> {
    const slot = asSlot(this.mark.slot + 1);
    const digest = fingerprint(
      encodeUtf8(this.mark.digest + commands.map((bytes) => fingerprint(bytes)).join()),
    );
    return {
      slot,
      logTimeMs: logTimeMs ?? START_MS + slot * 10,
      commands: commands.map((bytes, ordinal) => ({ command: this.backend.decode(bytes), ordinal })),
      previous: this.mark,
      next: { ...this.mark, slot, digest },
      records,
    };
  }

  async applyBatch(batch: ApplyBatch<unknown>): Promise<readonly Result[]> {
    const results = await this.backend.apply(batch);
    assert.equal(
      results.length,
      batch.commands.length,
      `${results.length} results for ${batch.commands.length} commands`,
    );
    this.mark = batch.next;
    return results;
  }

  /** Applies writes as one slot. */
  async apply(inputs: readonly CommandInput[], options?: ApplyOptions): Promise<PlainResult[]> {
    return plain(
      await this.applyBatch(
        this.batchOf(
          inputs.map((input) => this.bytesOf(input)),
          options,
        ),
      ),
    );
  }

  /** Applies writes, each in a slot of its own. */
  async applyEach(inputs: readonly CommandInput[], options?: ApplyOptions): Promise<PlainResult[]> {
    const results: PlainResult[] = [];
    for (const input of inputs) results.push(...(await this.apply([input], options)));
    return results;
  }

  async answer(input: CommandInput): Promise<PlainResult> {
    const parsed = this.backend.parse(input);
    assert.ok(parsed.ok && parsed.access === 'read', `${describeInput(input)} is not a read`);
    return plainResult(await this.backend.query(parsed.command));
  }

  async answers(inputs: readonly CommandInput[]): Promise<PlainResult[]> {
    const answers: PlainResult[] = [];
    for (const input of inputs) answers.push(await this.answer(input));
    return answers;
  }

  /** A snapshot, read to its end at once. */
  async snapshot(): Promise<TakenSnapshot> {
    const snapshot = await this.backend.snapshot();
    assert.equal(snapshot.slot, this.mark.slot, 'the slot of the snapshot');
    const chunks: Uint8Array[] = [];
    for await (const chunk of snapshot.chunks) chunks.push(chunk.slice());
    await snapshot.release();
    return { slot: snapshot.slot, chunks };
  }

  async restore(snapshot: TakenSnapshot): Promise<BackendImage> {
    const image = await this.backend.restore({
      slot: asSlot(snapshot.slot),
      chunks: streamOf(snapshot.chunks),
    });
    assert.ok(image.mark !== undefined || snapshot.slot === 0, 'the image of a restored store has a mark');
    if (image.mark !== undefined) this.mark = image.mark;
    return image;
  }
}

export type TakenSnapshot = { readonly slot: number; readonly chunks: readonly Uint8Array[] };

export async function* streamOf(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

/** A place for one check of one rule: opens stores, and leaves nothing behind. */
export class Bench {
  readonly subject: BackendSubject;
  readonly random: Random;
  readonly #open: { readonly backend: Backend; readonly directory: string }[] = [];

  constructor(subject: BackendSubject, random: Random) {
    this.subject = subject;
    this.random = random;
  }

  async open(): Promise<StoreRun> {
    const backend = await this.subject.create();
    const directory = await mkdtemp(join(tmpdir(), 'quorate-conformance-'));
    this.#open.push({ backend, directory });
    const { signal } = new AbortController();
    const image = await backend.open({
      clusterId: CLUSTER_ID,
      group: 0,
      node: 1,
      directory,
      signal,
      options: this.subject.options,
    });
    assert.equal(image.mark, undefined, 'a fresh store has no mark');
    return new StoreRun(backend, image);
  }

  async close(): Promise<void> {
    for (const { backend, directory } of this.#open) {
      await backend.close();
      await rm(directory, { recursive: true, force: true });
    }
  }

  /** Random commands that are writes. */
  writes(run: StoreRun, count: number): CommandInput[] {
    const writes: CommandInput[] = [];
    for (let attempt = 0; writes.length < count; attempt++) {
      assert.ok(attempt < 100 * count + 100, 'hardly any of the commands is a write');
      const input = this.#command();
      if (!run.isRead(input)) writes.push(input);
    }
    return writes;
  }

  /** The sample's reads, and random ones. */
  reads(run: StoreRun): CommandInput[] {
    const random = Array.from({ length: 20 }, () => this.#command());
    return [...this.subject.commands, ...random].filter((input) => run.isRead(input));
  }

  #command(): CommandInput {
    return this.subject.randomCommand?.(this.random) ?? this.random.pick(this.subject.commands);
  }
}

/** A result that prints well and compares by content. */
export type PlainResult = string;

export function plainResult(result: Result): PlainResult {
  if (!result.ok) return `refused ${result.code}: ${result.message}`;
  return result.value === null ? 'nil' : `value ${Buffer.from(result.value).toString('hex')}`;
}

export function plain(results: readonly Result[]): PlainResult[] {
  return results.map(plainResult);
}

export function describeInput(input: CommandInput): string {
  return input.form === 'text'
    ? JSON.stringify(input.text)
    : `arguments ${Buffer.from(input.bytes).toString('hex')}`;
}
