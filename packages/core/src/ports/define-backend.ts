/**
 * The simple level: a backend from a few functions over plain data.
 *
 *   const counter = defineBackend({
 *     name: 'counter',
 *     usage: 'add NUMBER | total',
 *     initial: () => ({ total: 0 }),
 *     parse({ words: [verb, number] }) {
 *       if (verb === 'total') return { ok: true, access: 'read', command: { add: 0 } };
 *       if (verb !== 'add' || !Number.isSafeInteger(Number(number))) return { ok: false, error: 'add NUMBER | total' };
 *       return { ok: true, access: 'write', command: { add: Number(number) } };
 *     },
 *     execute: (state, { add }) => (state.total += add),
 *     query: (state) => state.total,
 *   });
 *
 * The framework owns the state and so gives snapshot, restore, digest, explain and the rest of `Backend` for
 * nothing. The state lives in memory ('volatile') and is written whole when a snapshot is taken: right for states up
 * to some tens of megabytes. The author owns two rules: state and commands are plain data (`plain-data.ts`), and
 * results and state depend on nothing but state, command and context: no clock, no randomness, no I/O.
 */
import type { CommandInput, Result } from '@quorate/wire';
import { asSlot, type Slot } from '../protocol/types.ts';
import {
  type Access,
  type AppliedMark,
  type ApplyBatch,
  type Backend,
  BackendDiverged,
  type BackendHealth,
  type BackendImage,
  type BackendSnapshot,
  type Parsed,
} from './backend.ts';
import { EMPTY_IMAGE, judgeStep, mergeRecords } from './backend-image.ts';
import { fingerprint } from './fingerprint.ts';
import { decodeData } from './plain-data-decode.ts';
import { encodeData } from './plain-data-encode.ts';
import { readOnlyView } from './read-only-view.ts';
import { readSimpleInput, type SimpleInput } from './simple-input.ts';
import { refuse, type SimpleResult, toResult } from './simple-result.ts';
import { inTurn, readSimpleSnapshot, writeSimpleSnapshot } from './simple-snapshot.ts';
import { formatValue } from './words.ts';

export { readSimpleInput, type SimpleInput } from './simple-input.ts';
export { refuse, type SimpleResult, toResult } from './simple-result.ts';

export type SimpleParsed<Command> =
  | { readonly ok: true; readonly command: Command; readonly access: Access }
  | { readonly ok: false; readonly error: string };

export type ExecuteContext = {
  /** Log time of the slot in milliseconds since 1970: the only time there is. */
  readonly logTimeMs: number;
  readonly slot: Slot;
  /** `(slot, ordinal)` is unique for ever and rises: good as a generated id. */
  readonly ordinal: number;
};

export type SimpleBackend<State extends object, Command> = {
  /** Lower-case word. */
  readonly name: string;
  /** Put behind errors of the text form, to say what would have been right. */
  readonly usage?: string;
  /** The state before the first command; the same at every call. */
  initial(): State;
  parse(input: SimpleInput): SimpleParsed<Command>;
  /**
   * Changes `state` in place and returns the result. A refusal is `refuse(code, message)`, before anything was
   * changed. An exception is a bug: nobody knows what was changed, so the backend stops applying.
   */
  execute(state: State, command: Command, context: ExecuteContext): SimpleResult;
  /** For reads; `execute` if there is none. `state` cannot be changed. */
  query?(state: State, command: Command, context: ExecuteContext): SimpleResult;
};

export function defineBackend<State extends object, Command>(
  definition: SimpleBackend<State, Command>,
): Backend<Command> {
  return new PlainDataBackend(definition);
}

class PlainDataBackend<State extends object, Command> implements Backend<Command> {
  readonly name: string;
  readonly durability = 'volatile';
  readonly #definition: SimpleBackend<State, Command>;
  #state: State;
  #mark: AppliedMark | undefined;
  #lastResults: readonly Result[] = [];
  #logTimeMs = 0;
  readonly #records = new Map<string, Uint8Array>();
  /** Why nothing can be applied any more. */
  #broken: BackendDiverged | undefined;

  constructor(definition: SimpleBackend<State, Command>) {
    this.name = definition.name;
    this.#definition = definition;
    this.#state = definition.initial();
    // Now rather than at the first snapshot, in front of the author.
    encodeData(this.#state, 'kept', 'state');
  }

  async open(): Promise<BackendImage> {
    return EMPTY_IMAGE;
  }

  parse(input: CommandInput): Parsed<Command> {
    const read = readSimpleInput(input);
    if (!read.ok) return { ok: false, error: this.#withUsage(read.error) };
    try {
      const parsed = this.#definition.parse(read.input);
      if (!parsed.ok) return { ok: false, error: parsed.error };
      // A command that is not plain data must not get as far as the log.
      encodeData(parsed.command, 'sorted', 'command');
      return parsed;
    } catch (error) {
      return {
        ok: false,
        error: this.#withUsage(`${this.name} cannot read this command: ${messageOf(error)}`),
      };
    }
  }

  encode(command: Command): Uint8Array {
    return encodeData(command, 'sorted', 'command');
  }

  decode(bytes: Uint8Array): Command {
    return decodeData(bytes, 'sorted') as Command;
  }

  explain(input: CommandInput): string {
    const parsed = this.parse(input);
    if (!parsed.ok) return `refused: ${parsed.error.split('\n', 1)[0]}`;
    const shown = JSON.stringify(parsed.command, showData) ?? 'undefined';
    return parsed.access === 'read' ? `read, not logged: ${shown}` : `logged: ${shown}`;
  }

  apply(batch: ApplyBatch<Command>): readonly Result[] {
    if (this.#broken !== undefined) throw this.#broken;
    if (judgeStep(this.#mark, batch) === 'repeated') return this.#lastResults;
    const results = batch.commands.map(({ command, ordinal }) =>
      this.#execute(command, { logTimeMs: batch.logTimeMs, slot: batch.slot, ordinal }),
    );
    mergeRecords(this.#records, batch.records);
    this.#mark = batch.next;
    this.#lastResults = results;
    this.#logTimeMs = batch.logTimeMs;
    return results;
  }

  #execute(command: Command, context: ExecuteContext): Result {
    try {
      return toResult(this.#definition.execute(this.#state, command, context));
    } catch (error) {
      const where = `slot ${context.slot}, command ${context.ordinal}`;
      this.#broken = new BackendDiverged(
        `${this.name} failed in the middle of a command (${where}): ${messageOf(error)}`,
        { cause: error },
      );
      throw this.#broken;
    }
  }

  query(command: Command): Result {
    if (this.#broken !== undefined) throw this.#broken;
    const definition = this.#definition;
    const context = { logTimeMs: this.#logTimeMs, slot: this.#mark?.slot ?? asSlot(0), ordinal: 0 };
    const view = readOnlyView(this.#state);
    try {
      if (definition.query !== undefined) return toResult(definition.query(view, command, context));
      return toResult(definition.execute(view, command, context));
    } catch (error) {
      // Nothing was changed, so nobody but the one who asked is hurt.
      return refuse('QUERY_FAILED', messageOf(error));
    }
  }

  async flush(): Promise<Slot> {
    return asSlot(0);
  }

  async snapshot(): Promise<BackendSnapshot> {
    if (this.#broken !== undefined) throw this.#broken;
    const records = [...this.#records].map(([key, value]) => ({ key, value }));
    const image = { mark: this.#mark, records, lastResults: this.#lastResults };
    const chunks = writeSimpleSnapshot(this.name, {
      image,
      logTimeMs: this.#logTimeMs,
      state: encodeData(this.#state, 'kept', 'state'),
    });
    return { slot: this.#mark?.slot ?? asSlot(0), chunks: inTurn(chunks), release: async () => undefined };
  }

  async restore(snapshot: {
    readonly slot: Slot;
    readonly chunks: AsyncIterable<Uint8Array>;
  }): Promise<BackendImage> {
    const { image, logTimeMs, state } = await readSimpleSnapshot(this.name, snapshot);
    // From here on nothing can fail.
    this.#state = state as State;
    this.#mark = image.mark;
    this.#lastResults = image.lastResults;
    this.#logTimeMs = logTimeMs;
    this.#records.clear();
    mergeRecords(this.#records, image.records);
    this.#broken = undefined;
    return image;
  }

  async digest(): Promise<string> {
    if (this.#broken !== undefined) throw this.#broken;
    return fingerprint(encodeData(this.#state, 'sorted', 'state'));
  }

  async health(): Promise<BackendHealth> {
    if (this.#broken !== undefined) return { ok: false, detail: this.#broken.message };
    return { ok: true, detail: 'state in memory' };
  }

  async close(): Promise<void> {
    // Nothing is held outside the process.
  }

  #withUsage(error: string): string {
    return this.#definition.usage === undefined ? error : `${error}\nusage: ${this.#definition.usage}`;
  }
}

/** For `JSON.stringify`: what JSON has no form for. */
function showData(_key: string, value: unknown): unknown {
  if (value instanceof Uint8Array) return formatValue(value);
  if (value instanceof Map) return [...value];
  return value instanceof Set ? [...value] : value;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
