/**
 * The commands of the key-value backend, and their one representation: the canonical argument list that
 * `@quorate/wire` defines, with the verb in capitals.
 *
 *   u16 count | u32 3 | verb | u32 length | key | u32 length | value (SET only)
 *
 * A client's argument list is so the log's entry and the backend's input, without a copy or an object in between.
 * This file owns the check that bytes are such a list, the places of key and value in it, and reading what people
 * type. Executing is `kv-backend.ts`.
 */
import { splitWords } from '@quorate/core/ports';
import {
  type CommandInput,
  decodeArguments,
  decodeUtf8,
  encodeArguments,
  encodeUtf8,
  QuorateError,
} from '@quorate/wire';

declare const checked: unique symbol;
/** Bytes for which `isKvCommand` said yes. */
export type KvCommand = Uint8Array & { readonly [checked]: true };

export type Verb = 'SET' | 'GET' | 'DEL';

export const MAX_KEY_BYTES: number = 64 * 1024;
export const MAX_VALUE_BYTES: number = 16 * 1024 * 1024;

export const USAGE: string = [
  'usage: SET key value   stores the value and answers it',
  '       GET key         answers the value, or nil',
  '       DEL key         removes the key and answers its old value, or nil',
].join('\n');

const S = 0x53;
const E = 0x45;
const T = 0x54;
const G = 0x47;
const D = 0x44;
const L = 0x4c;

const VERB_BYTES = 3;
const VERB_AT = 6;
const KEY_LENGTH_AT = 9;
const KEY_AT = 13;

/** The whole check, byte by byte and without allocating: it runs once per command on the hot path. */
export function isKvCommand(bytes: Uint8Array): bytes is KvCommand {
  return holdsKvCommand(bytes, 0, bytes.length);
}

/** Are the bytes from `start` up to, not including, `end` a command? The other functions here believe that they are. */
export function holdsKvCommand(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start < KEY_AT || u32At(bytes, start + 2) !== VERB_BYTES) return false;
  const hasValue = isVerb(bytes, start, S, E, T);
  if (!hasValue && !isVerb(bytes, start, G, E, T) && !isVerb(bytes, start, D, E, L)) return false;
  const count = (bytes[start] as number) | ((bytes[start + 1] as number) << 8);
  if (count !== (hasValue ? 3 : 2)) return false;
  const keyBytes = u32At(bytes, start + KEY_LENGTH_AT);
  if (keyBytes > MAX_KEY_BYTES) return false;
  const keyStop = start + KEY_AT + keyBytes;
  if (!hasValue) return end === keyStop;
  if (end < keyStop + 4) return false;
  const valueBytes = u32At(bytes, keyStop);
  return valueBytes <= MAX_VALUE_BYTES && end === keyStop + 4 + valueBytes;
}

export function verbOf(command: KvCommand): Verb {
  return verbAt(command, 0);
}

/** Of the command that begins at `start`. */
export function verbAt(bytes: Uint8Array, start: number): Verb {
  switch (bytes[start + VERB_AT]) {
    case S:
      return 'SET';
    case G:
      return 'GET';
    default:
      return 'DEL';
  }
}

/** Where the key starts within a command. */
export const KEY_START: number = KEY_AT;

/** Where the key of the command that begins at `start` ends, exclusive. */
export function keyEndAt(bytes: Uint8Array, start: number): number {
  return start + KEY_AT + u32At(bytes, start + KEY_LENGTH_AT);
}

/** Between a key and the value of a SET, which reaches to the end of the command. */
export const VALUE_LENGTH_BYTES = 4;

export type KvParsed =
  | { readonly ok: true; readonly command: KvCommand }
  | { readonly ok: false; readonly error: string };

/** Reads a line of text or an argument list. Total: anything that is no command gives an error for people. */
export function parseKvCommand(input: CommandInput): KvParsed {
  if (input.form === 'text') {
    const split = splitWords(input.text);
    if (split.ok) return fromWords(split.words);
    return { ok: false, error: `${split.error}, at character ${split.position + 1}\n${USAGE}` };
  }
  if (isKvCommand(input.bytes)) return { ok: true, command: input.bytes };
  try {
    return fromWords(decodeArguments(input.bytes));
  } catch (error) {
    if (!(error instanceof QuorateError)) throw error;
    return { ok: false, error: error.message };
  }
}

/** The bytes of a command that is known to be well-formed, for programs and tests. */
export function kvCommand(verb: Verb, key: Uint8Array, value?: Uint8Array): KvCommand {
  const parsed = fromWords(value === undefined ? [encodeUtf8(verb), key] : [encodeUtf8(verb), key, value]);
  if (!parsed.ok) throw new QuorateError('ARGUMENT', parsed.error);
  return parsed.command;
}

function fromWords(words: readonly Uint8Array[]): KvParsed {
  const [first, key, value] = words;
  if (first === undefined) return { ok: false, error: `no command\n${USAGE}` };
  const word = decodeUtf8(first.subarray(0, 40));
  const verb = word.toUpperCase();
  if (verb !== 'SET' && verb !== 'GET' && verb !== 'DEL') {
    return { ok: false, error: `unknown command ${JSON.stringify(word)}\n${USAGE}` };
  }
  const wanted = verb === 'SET' ? 3 : 2;
  if (words.length !== wanted || key === undefined) {
    const takes = verb === 'SET' ? 'a key and a value' : 'one key';
    return { ok: false, error: `${verb} takes ${takes}; ${countOf(words.length - 1)} given\n${USAGE}` };
  }
  if (key.length > MAX_KEY_BYTES)
    return { ok: false, error: `a key of ${key.length} bytes is over the limit of ${MAX_KEY_BYTES}` };
  if (value !== undefined && value.length > MAX_VALUE_BYTES) {
    return { ok: false, error: `a value of ${value.length} bytes is over the limit of ${MAX_VALUE_BYTES}` };
  }
  const bytes = encodeArguments([encodeUtf8(verb), ...words.slice(1)]);
  if (!isKvCommand(bytes)) throw new Error(`${verb} was encoded into bytes that do not read as a command`);
  return { ok: true, command: bytes };
}

function countOf(count: number): string {
  return count === 1 ? '1 argument was' : `${count} arguments were`;
}

function isVerb(bytes: Uint8Array, start: number, first: number, second: number, third: number): boolean {
  const at = start + VERB_AT;
  return bytes[at] === first && bytes[at + 1] === second && bytes[at + 2] === third;
}

function u32At(bytes: Uint8Array, at: number): number {
  const low = (bytes[at] as number) | ((bytes[at + 1] as number) << 8) | ((bytes[at + 2] as number) << 16);
  return low + (bytes[at + 3] as number) * 0x100_0000;
}
