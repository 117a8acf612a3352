/**
 * What the rules for backends share: the thing under test, a store run by a stand-in for the framework, random
 * commands and garbage. Everything random comes from the rule's seed.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CommandInput, decodeArguments, encodeArguments, encodeUtf8, type Result } from '@quorate/wire';
import {
  type AppliedMark,
  type ApplyBatch,
  type Backend,
  type BackendImage,
  CommandRefused,
  type SystemRecord,
} from '../ports/backend.ts';
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
  /**
   * Durable backends: another one over the same store, not opened, as the next life of a node has it. It is opened with the
   * directory of the first.
   */
  reopen?(backend: Backend): Backend | Promise<Backend>;
  /** Ends the backend's hold on its store at once, whatever is under way; without it the backend is closed. */
  crash?(backend: Backend): void | Promise<void>;
  /** Durable backends: breaks the connection to the store, or makes what is under way there fail; later attempts succeed. */
  disturb?(backend: Backend): void | Promise<void>;
  /** After the signal everything must have ended within so long; 20 s when it is not given. */
  readonly patienceMs?: number;
  /** A module with `createBackend` that a process of its own may load, to be killed: a file URL. */
  readonly module?: string;
};

export const textCommand = (text: string): CommandInput => ({ form: 'text', text });

export function argumentsCommand(...words: readonly (string | Uint8Array)[]): CommandInput {
  return {
    form: 'arguments',
    bytes: encodeArguments(words.map((word) => (typeof word === 'string' ? encodeUtf8(word) : word))),
  };
}

export type ApplyOptions = { readonly logTimeMs?: number; readonly records?: readonly SystemRecord[] };

export const CLUSTER_ID = 'conformance';
const START_MS = 1_700_000_000_000;

/** What `prepare` made of a write, for all stores of a rule: a log holds one version of a command. */
export type PreparedBytes = WeakMap<CommandInput, Uint8Array>;

/** One store and its mark, fed as the framework would feed it: parsed, prepared, encoded, decoded, in slots. */
export class StoreRun {
  readonly backend: Backend;
  readonly directory: string;
  mark: AppliedMark;
  readonly #prepared: PreparedBytes;

  constructor(backend: Backend, image: BackendImage, directory: string, prepared: PreparedBytes) {
    this.backend = backend;
    this.directory = directory;
    this.#prepared = prepared;
    this.mark = image.mark ?? { clusterId: CLUSTER_ID, group: 0, slot: asSlot(0), digest: '0'.repeat(16) };
  }

  /** The log's bytes of a command that must parse. */
  bytesOf(input: CommandInput): Uint8Array {
    const prepared = this.#prepared.get(input);
    if (prepared !== undefined) return prepared.slice();
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
  readonly #open = new Map<Backend, { readonly directory: string; readonly abort: AbortController }>();
  readonly #directories: string[] = [];
  readonly #prepared: PreparedBytes = new WeakMap();

  constructor(subject: BackendSubject, random: Random) {
    this.subject = subject;
    this.random = random;
  }

  async open(): Promise<StoreRun> {
    const directory = await mkdtemp(join(tmpdir(), 'quorate-conformance-'));
    this.#directories.push(directory);
    const { run, image } = await this.#openIn(await this.subject.create(), directory);
    assert.equal(image.mark, undefined, 'a fresh store has no mark');
    return run;
  }

  /** The next life of a store whose backend was closed or crashed. */
  async reopen(run: StoreRun): Promise<{ readonly run: StoreRun; readonly image: BackendImage }> {
    assert.ok(this.subject.reopen !== undefined, 'the subject cannot reopen a store');
    return this.#openIn(await this.subject.reopen(run.backend), run.directory);
  }

  /** The node ends at once; what it had under way may or may not be done. */
  async crash(run: StoreRun): Promise<void> {
    this.#open.delete(run.backend);
    if (this.subject.crash === undefined) await run.backend.close();
    else await this.subject.crash(run.backend);
  }

  /** The node ends as it should. */
  async end(run: StoreRun): Promise<void> {
    this.#open.delete(run.backend);
    await run.backend.close();
  }

  abort(run: StoreRun): void {
    this.#open.get(run.backend)?.abort.abort();
  }

  async close(): Promise<void> {
    for (const backend of this.#open.keys()) await backend.close();
    for (const directory of this.#directories) await rm(directory, { recursive: true, force: true });
  }

  async #openIn(
    backend: Backend,
    directory: string,
  ): Promise<{ readonly run: StoreRun; readonly image: BackendImage }> {
    const abort = new AbortController();
    this.#open.set(backend, { directory, abort });
    const image = await backend.open({
      clusterId: CLUSTER_ID,
      group: 0,
      node: 1,
      directory,
      signal: abort.signal,
      options: this.subject.options,
    });
    return { run: new StoreRun(backend, image, directory, this.#prepared), image };
  }

  /** Random commands that are writes, prepared by `run` as a leader would; what it refuses is left out. */
  async writes(run: StoreRun, count: number): Promise<CommandInput[]> {
    const writes: CommandInput[] = [];
    for (let attempt = 0; writes.length < count; attempt++) {
      assert.ok(attempt < 100 * count + 100, 'hardly any of the commands is a write that is not refused');
      // An object of its own, even for a sample that comes twice: each command is prepared by itself.
      const input = { ...this.#command() };
      if (!run.isRead(input) && (await this.#prepare(run, input))) writes.push(input);
    }
    return writes;
  }

  async #prepare({ backend }: StoreRun, input: CommandInput): Promise<boolean> {
    const parsed = backend.parse(input);
    assert.ok(parsed.ok, `parse refuses ${describeInput(input)}`);
    if (backend.prepare === undefined) return true;
    const random = (length: number): Uint8Array => Uint8Array.from({ length }, () => this.random.below(256));
    try {
      const prepared = await backend.prepare(parsed.command, { nowMs: START_MS, random });
      this.#prepared.set(input, backend.encode(prepared).slice());
      return true;
    } catch (error) {
      if (error instanceof CommandRefused) return false;
      throw error;
    }
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
  return result.value === null ? 'nil' : `value ${shownBytes(result.value)}`;
}

export function plain(results: readonly Result[]): PlainResult[] {
  return results.map(plainResult);
}

export function describeInput(input: CommandInput): string {
  if (input.form === 'text') return JSON.stringify(input.text);
  try {
    return `[${decodeArguments(input.bytes).map(shownBytes).join(', ')}]`;
  } catch {
    return `arguments that cannot be read, ${shownBytes(input.bytes)}`;
  }
}

/** Different bytes are shown differently: as text where they are text that can be read, else in hexadecimal digits. */
export function shownBytes(bytes: Uint8Array): string {
  const text = Buffer.from(bytes).toString('utf8');
  const isText = !/[^\P{C}\n\r\t]/u.test(text) && Buffer.from(text, 'utf8').equals(bytes);
  return isText ? JSON.stringify(text) : `the bytes ${Buffer.from(bytes).toString('hex')} (hexadecimal)`;
}
