/**
 * The key-value backend: SET, GET and DEL on byte strings, in memory. Written by hand against the full contract
 * (`Backend` in @quorate/core/ports), and the one to read before writing another.
 *
 * Volatile: the log is what survives, and every start replays it. So mark, records and last results live in memory
 * beside the data, and "one atomic step" is one synchronous call. Results depend on state and command alone.
 */
import {
  type Access,
  type AppliedMark,
  type ApplyBatch,
  asSlot,
  type Backend,
  BackendDiverged,
  type BackendHealth,
  type BackendImage,
  type BackendSnapshot,
  BackendUnavailable,
  EMPTY_IMAGE,
  formatValue,
  judgeStep,
  mergeRecords,
  type PackedBatch,
  type Parsed,
  quoteWord,
  type ResultSink,
  type Slot,
} from '@quorate/core/ports';
import { type CommandInput, decodeArguments, malformed, NIL_RESULT, type Result } from '@quorate/wire';
import { copyOf } from './byte-span.ts';
import { KeyValueStore } from './key-value-store.ts';
import {
  holdsKvCommand,
  isKvCommand,
  KEY_START,
  type KvCommand,
  keyEndAt,
  parseKvCommand,
  VALUE_LENGTH_BYTES,
  verbAt,
  verbOf,
} from './kv-command.ts';
import { digestOf, readSnapshot, writeSnapshot } from './kv-snapshot.ts';

export class KvBackend implements Backend<KvCommand> {
  readonly name = 'kv';
  readonly durability = 'volatile';
  #store = new KeyValueStore();
  #mark: AppliedMark | undefined;
  #lastResults: readonly Result[] = [];
  readonly #records = new Map<string, Uint8Array>();

  async open(): Promise<BackendImage> {
    return EMPTY_IMAGE;
  }

  parse(input: CommandInput): Parsed<KvCommand> {
    const parsed = parseKvCommand(input);
    return parsed.ok ? { ok: true, command: parsed.command, access: accessOf(parsed.command) } : parsed;
  }

  /** A command is its own encoding. */
  encode(command: KvCommand): Uint8Array {
    return command;
  }

  decode(bytes: Uint8Array): KvCommand {
    if (!isKvCommand(bytes)) throw notACommand();
    return bytes;
  }

  admit(argumentBytes: Uint8Array): Access | undefined {
    return isKvCommand(argumentBytes) ? accessOf(argumentBytes) : undefined;
  }

  explain(input: CommandInput): string {
    const parsed = parseKvCommand(input);
    if (!parsed.ok) return `refused: ${parsed.error.split('\n', 1)[0]}`;
    const words = decodeArguments(parsed.command).map(shortened).join(' ');
    return accessOf(parsed.command) === 'read' ? `read, not logged: ${words}` : `logged: ${words}`;
  }

  apply(batch: ApplyBatch<KvCommand>): readonly Result[] {
    if (judgeStep(this.#mark, batch) === 'repeated') return this.#lastResults;
    const results = new ResultList();
    for (const { command } of batch.commands) this.#execute(command, 0, command.length, results);
    mergeRecords(this.#records, batch.records);
    this.#mark = batch.next;
    this.#lastResults = results.list;
    return results.list;
  }

  applyPacked(batch: PackedBatch, results: ResultSink): void {
    const { bytes, count, starts, ends } = batch;
    if (judgeStep(this.#mark, batch) === 'repeated')
      throw new BackendDiverged(`slot ${batch.slot} was applied before, and its results are not kept`);
    for (let ordinal = 0; ordinal < count; ordinal++)
      if (!holdsKvCommand(bytes, starts[ordinal] as number, ends[ordinal] as number)) throw notACommand();
    for (let ordinal = 0; ordinal < count; ordinal++)
      this.#execute(bytes, starts[ordinal] as number, ends[ordinal] as number, results);
    this.#mark = batch.next;
    this.#lastResults = [];
  }

  query(command: KvCommand): Result {
    if (verbOf(command) !== 'GET') throw malformed(`${verbOf(command)} is not a read`);
    const results = new ResultList();
    this.#execute(command, 0, command.length, results);
    return results.list[0] as Result;
  }

  /** The command that reaches from `start` to `end`. */
  #execute(bytes: Uint8Array, start: number, end: number, results: ResultSink): void {
    const keyStart = start + KEY_START;
    const keyEnd = keyEndAt(bytes, start);
    const verb = verbAt(bytes, start);
    switch (verb) {
      case 'SET': {
        const valueStart = keyEnd + VALUE_LENGTH_BYTES;
        this.#store.set(bytes, keyStart, keyEnd, valueStart, end);
        return results.value(bytes, valueStart, end);
      }
      case 'GET':
        return give(results, this.#store.get(bytes, keyStart, keyEnd));
      case 'DEL':
        return give(results, this.#store.delete(bytes, keyStart, keyEnd));
      default:
        return verb satisfies never;
    }
  }

  /** Nothing here survives a power cut; the log does. */
  async flush(): Promise<Slot> {
    return asSlot(0);
  }

  async snapshot(): Promise<BackendSnapshot> {
    const records = [...this.#records].map(([key, value]) => ({ key, value }));
    const data = this.#store.image();
    const header = { mark: this.#mark, records, lastResults: this.#lastResults };
    return {
      slot: this.#mark?.slot ?? asSlot(0),
      chunks: writeSnapshot(header, data),
      release: async () => data.release(),
    };
  }

  async restore(snapshot: {
    readonly slot: Slot;
    readonly chunks: AsyncIterable<Uint8Array>;
  }): Promise<BackendImage> {
    let restored: Awaited<ReturnType<typeof readSnapshot>>;
    try {
      restored = await readSnapshot(snapshot.chunks);
    } catch (error) {
      throw new BackendUnavailable(`the snapshot cannot be used: ${(error as Error).message}`, {
        cause: error,
      });
    }
    const { header, store } = restored;
    const slot = header.mark?.slot ?? 0;
    if (slot !== snapshot.slot)
      throw new BackendUnavailable(`the snapshot is of slot ${slot}, not ${snapshot.slot}`);
    // From here on nothing can fail: all or nothing.
    this.#store = store;
    this.#mark = header.mark;
    this.#lastResults = header.lastResults;
    this.#records.clear();
    mergeRecords(this.#records, header.records);
    return header;
  }

  async digest(): Promise<string> {
    const data = this.#store.image();
    try {
      return await digestOf(data);
    } finally {
      data.release();
    }
  }

  async health(): Promise<BackendHealth> {
    return { ok: true, detail: `${this.#store.size} keys in memory` };
  }

  async close(): Promise<void> {
    // Nothing is held outside the process.
  }
}

function accessOf(command: KvCommand): Access {
  return verbOf(command) === 'GET' ? 'read' : 'write';
}

function give(results: ResultSink, value: Uint8Array | undefined): void {
  if (value === undefined) results.nil();
  else results.value(value, 0, value.length);
}

function notACommand(): Error {
  return malformed('these bytes are not a command of the key-value backend');
}

/** Results as objects. */
class ResultList implements ResultSink {
  readonly list: Result[] = [];

  value(source: Uint8Array, start: number, end: number): void {
    this.list.push({ ok: true, value: copyOf(source, start, end) });
  }

  nil(): void {
    this.list.push(NIL_RESULT);
  }

  refused(code: string, message: string): void {
    this.list.push({ ok: false, code, message });
  }
}

const SHOWN_WORD_BYTES = 100;

function shortened(word: Uint8Array): string {
  if (word.length <= SHOWN_WORD_BYTES) return quoteWord(word);
  return `${formatValue(word.subarray(0, SHOWN_WORD_BYTES))}... (${word.length} bytes)`;
}
