/**
 * Registers, counters and lists under one set of commands, for the backends of the simulator: an `append` or `inc`
 * that took effect twice shows in the state for ever.
 *
 *   set KEY VALUE | get KEY | del KEY | inc KEY NUMBER | total KEY | append KEY ELEMENT | list KEY
 *
 * A second word behind the key (`del KEY - TAG`) makes equal commands different.
 */
import type { Random } from '@quorate/core/protocol';
import { textCommand } from '@quorate/core/testing';
import { decodeUtf8, encodeUtf8, type Result } from '@quorate/wire';
import type { Action, Content } from '../../history/call.ts';
import type { Operation } from '../operation.ts';
import type { StageLimits } from './stage-limits.ts';

export type ObjectCommand = {
  readonly verb: string;
  readonly key: string;
  readonly text: string;
  /** Tells this command from another one that says the same. */
  readonly tag: string;
};
/** By key: a value, a total, or elements joined by commas. */
export type ObjectState = Map<string, string>;

const READS: ReadonlySet<string> = new Set(['get', 'total', 'list']);
const WRITES: ReadonlySet<string> = new Set(['set', 'del', 'inc', 'append']);

export function parseObjectCommand(
  words: readonly string[],
):
  | { readonly ok: true; readonly access: 'read' | 'write'; readonly command: ObjectCommand }
  | { readonly ok: false; readonly error: string } {
  const [verb = '', key = '', text = '', tag = ''] = words;
  if (READS.has(verb)) return { ok: true, access: 'read', command: { verb, key, text: '', tag } };
  if (WRITES.has(verb)) return { ok: true, access: 'write', command: { verb, key, text, tag } };
  return { ok: false, error: `unknown command ${JSON.stringify(verb)}` };
}

/** Changes `state` for a write. The answer is text, or null for nothing. */
export function executeObjectCommand(state: ObjectState, { verb, key, text }: ObjectCommand): string | null {
  const held = state.get(key);
  switch (verb) {
    case 'set':
      state.set(key, text);
      return text;
    case 'del':
      state.delete(key);
      return held ?? null;
    case 'inc': {
      const total = String(Number(held ?? '0') + Number(text));
      state.set(key, total);
      return total;
    }
    case 'append':
      state.set(key, held === undefined ? text : `${held},${text}`);
      return null;
    case 'total':
      return held ?? '0';
    default:
      return held ?? null;
  }
}

/** A key is one kind of object for ever, by its first letter. */
export function drawObjectOperation(random: Random, number: number, limits: StageLimits): Operation {
  const kind = random.pick(['register', 'counter', 'list', 'list'] as const);
  const key = `${kind[0]}${random.below(limits.keys)}`;
  if (random.chance(limits.tooLargeChance)) {
    const element = 'x'.repeat(limits.maxCommandBytes + 1);
    return operation(`l${random.below(limits.keys)}`, { kind: 'append', element }, element, true);
  }
  const reads = random.chance(limits.readShare);
  const fill = '.'.repeat(random.below(limits.maxFillBytes + 1));
  switch (kind) {
    case 'counter':
      return reads
        ? operation(key, { kind: 'total' })
        : operation(key, { kind: 'inc', by: 1 }, `1 ${number}`);
    case 'list':
      return reads
        ? operation(key, { kind: 'list' })
        : operation(key, { kind: 'append', element: `e${number}${fill}` }, `e${number}${fill}`);
    case 'register':
      if (reads) return operation(key, { kind: 'get' });
      if (random.chance(0.2)) return operation(key, { kind: 'del' }, `- ${number}`);
      return operation(key, { kind: 'set', value: `v${number}${fill}` }, `v${number}${fill}`);
    default:
      return kind satisfies never;
  }
}

export function objectContentOf({ action }: Operation, result: Result): Content | undefined {
  if (!result.ok) return undefined;
  const text = result.value === null ? null : decodeUtf8(result.value);
  switch (action?.kind) {
    case 'inc':
    case 'total':
      return Number(text);
    case 'list':
      return text === null ? [] : text.split(',');
    case 'append':
      return undefined;
    default:
      return text;
  }
}

export function textResult(text: string | null): Result {
  return { ok: true, value: text === null ? null : encodeUtf8(text) };
}

function operation(key: string, action: Action, text = '', isTooLarge = false): Operation {
  const access = READS.has(action.kind) ? 'read' : 'write';
  return { input: textCommand(`${action.kind} ${key} ${text}`.trim()), access, key, action, isTooLarge };
}
