/**
 * The text form of commands: a line of words, and how bytes are shown to people.
 *
 *   plain words       stand as they are and end at white space: SET colour {"red":1}
 *   "double quotes"   may hold white space and the escapes \n \r \t \" \\ \xHH (one byte)
 *   'single quotes'   hold everything up to the next single quote, without escapes
 *
 * A quote counts only where a word begins, so `it's` is a word. Words are bytes: text becomes UTF-8, \xHH any byte.
 * For backends whose commands are lists of arguments, and for the tools that print values.
 */
import { ByteWriter, decodeUtf8, encodeUtf8, equalBytes, MAX_ARGUMENTS } from '@quorate/wire';

export type SplitWords =
  | { readonly ok: true; readonly words: readonly Uint8Array[] }
  /** `position` counts UTF-16 units from the start of the text, for a caret under the mistake. */
  | { readonly ok: false; readonly error: string; readonly position: number };

type Word = { readonly bytes: Uint8Array; readonly end: number };
type Escape = { readonly byte: number; readonly end: number };
type Mistake = { readonly error: string; readonly position: number };

/** As many as a list of arguments holds: a text of megabytes must not become millions of small arrays. */
const MAX_WORDS = MAX_ARGUMENTS;

const WHITE_SPACE = /\s/;
/** Control characters, line and paragraph separators, and marks that turn the direction of what follows. */
const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u;

export function splitWords(text: string): SplitWords {
  const words: Uint8Array[] = [];
  let position = 0;
  for (;;) {
    while (position < text.length && WHITE_SPACE.test(text.charAt(position))) position += 1;
    if (position === text.length) return { ok: true, words };
    if (words.length === MAX_WORDS)
      return { ok: false, error: `these are more than ${MAX_WORDS} words`, position };
    const word = readWord(text, position);
    if ('error' in word) return { ok: false, ...word };
    words.push(word.bytes);
    position = word.end;
    if (position < text.length && !WHITE_SPACE.test(text.charAt(position))) {
      return { ok: false, error: 'a space is missing after the closing quote', position };
    }
  }
}

function readWord(text: string, start: number): Word | Mistake {
  const first = text.charAt(start);
  if (first === '"') return readDoubleQuoted(text, start);
  if (first === "'") {
    const end = text.indexOf("'", start + 1);
    if (end === -1) return { error: 'the closing single quote is missing', position: start };
    return { bytes: encodeUtf8(text.slice(start + 1, end)), end: end + 1 };
  }
  let end = start;
  while (end < text.length && !WHITE_SPACE.test(text.charAt(end))) end += 1;
  return { bytes: encodeUtf8(text.slice(start, end)), end };
}

const ESCAPES: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, '"': 34, '\\': 92 };

function readDoubleQuoted(text: string, start: number): Word | Mistake {
  const out = new ByteWriter();
  let position = start + 1;
  let plainFrom = position;
  for (;;) {
    const character = text.charAt(position);
    if (character === '') return { error: 'the closing double quote is missing', position: start };
    if (character !== '"' && character !== '\\') {
      position += 1;
      continue;
    }
    if (position > plainFrom) out.raw(encodeUtf8(text.slice(plainFrom, position)));
    if (character === '"') return { bytes: out.bytes(), end: position + 1 };
    const escape = readEscape(text, position);
    if ('error' in escape) return escape;
    out.u8(escape.byte);
    position = escape.end;
    plainFrom = position;
  }
}

/** `position` is that of the backslash. */
function readEscape(text: string, position: number): Escape | Mistake {
  const letter = text.charAt(position + 1);
  const byte = ESCAPES[letter];
  if (byte !== undefined) return { byte, end: position + 2 };
  const digits = text.slice(position + 2, position + 4);
  if (letter === 'x' && /^[0-9a-fA-F]{2}$/.test(digits)) {
    return { byte: Number.parseInt(digits, 16), end: position + 4 };
  }
  return {
    error: 'after a backslash in double quotes comes n, r, t, ", \\ or x and two hexadecimal digits',
    position,
  };
}

/** Clean text as it is; everything else in double quotes with escapes, and so the empty value. One line always. */
export function formatValue(bytes: Uint8Array): string {
  const text = decodeUtf8(bytes);
  if (text === '') return '""';
  return UNPRINTABLE.test(text) || !equalBytes(encodeUtf8(text), bytes) ? quoted(bytes) : text;
}

/** A word that `splitWords` reads back as exactly these bytes. */
export function quoteWord(bytes: Uint8Array): string {
  const shown = formatValue(bytes);
  // Quoted bytes begin with a quote as well, and quoting them once more only changes clean text that does.
  return /^["']|\s/.test(shown) ? quoted(bytes) : shown;
}

function quoted(bytes: Uint8Array): string {
  const text = decodeUtf8(bytes);
  const isText = equalBytes(encodeUtf8(text), bytes);
  let shown = '"';
  for (const character of isText ? text : Array.from(bytes, (byte) => String.fromCharCode(byte))) {
    shown += escaped(character, isText);
  }
  return `${shown}"`;
}

function escaped(character: string, isText: boolean): string {
  if (character === '"' || character === '\\') return `\\${character}`;
  if (character === '\n') return '\\n';
  if (character === '\r') return '\\r';
  if (character === '\t') return '\\t';
  const isPlain = isText ? !UNPRINTABLE.test(character) : character >= ' ' && character <= '~';
  if (isPlain) return character;
  const bytes = isText ? encodeUtf8(character) : Uint8Array.of(character.charCodeAt(0));
  return Array.from(bytes, (byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');
}
