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
  type BackendHealth,
  type BackendImage,
  type BackendSnapshot,
  BackendUnavailable,
  EMPTY_IMAGE,
  formatValue,
  judgeStep,
  mergeRecords,
  type Parsed,
  quoteWord,
  type Slot,
} from '@quorate/core/ports';
import { type CommandInput, decodeArguments, malformed, NIL_RESULT, type Result } from '@quorate/wire';
import { copyOf } from './byte-span.ts';
import { KeyValueStore } from './key-value-store.ts';
import {
  isKvCommand,
  KEY_START,
  type KvCommand,
  keyEnd,
  parseKvCommand,
  valueStart,
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
    if (!isKvCommand(bytes)) throw malformed('these bytes are not a command of the key-value backend');
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
    const results: Result[] = [];
    for (const { command } of batch.commands) results.push(this.#execute(command));
    mergeRecords(this.#records, batch.records);
    this.#mark = batch.next;
    this.#lastResults = results;
    return results;
  }

  query(command: KvCommand): Result {
    if (verbOf(command) !== 'GET') throw malformed(`${verbOf(command)} is not a read`);
    return this.#execute(command);
  }

  #execute(command: KvCommand): Result {
    const end = keyEnd(command);
    const verb = verbOf(command);
    switch (verb) {
      case 'SET': {
        const start = valueStart(command);
        this.#store.set(command, KEY_START, end, start, command.length);
        return { ok: true, value: copyOf(command, start, command.length) };
      }
      case 'GET':
        return resultOf(this.#store.get(command, KEY_START, end));
      case 'DEL':
        return resultOf(this.#store.delete(command, KEY_START, end));
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

function resultOf(value: Uint8Array | undefined): Result {
  return value === undefined ? NIL_RESULT : { ok: true, value };
}

const SHOWN_WORD_BYTES = 100;

function shortened(word: Uint8Array): string {
  if (word.length <= SHOWN_WORD_BYTES) return quoteWord(word);
  return `${formatValue(word.subarray(0, SHOWN_WORD_BYTES))}... (${word.length} bytes)`;
}
