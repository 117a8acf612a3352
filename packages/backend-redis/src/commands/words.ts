/** Words of a command as text and numbers. Words are bytes; names, options and numbers in them are ASCII. */
import { decodeUtf8, encodeUtf8 } from '@quorate/wire';

/** What is wrong with a command, for the person who typed it; becomes the error of `parse`. */
export class CommandMistake extends Error {}

const MAX_OPTION_BYTES = 40;

/** A command name or option in capitals; words that are too long to be one, or are not ASCII, give ''. */
export function upper(word: Uint8Array | undefined): string {
  if (word === undefined || word.length > MAX_OPTION_BYTES) return '';
  let text = '';
  for (let index = 0; index < word.length; index++) {
    const code = word[index] as number;
    if (code > 0x7f) return '';
    text += String.fromCharCode(code >= 0x61 && code <= 0x7a ? code - 0x20 : code);
  }
  return text;
}

/** Whether the word is this text, byte by byte; the text is ASCII. */
export function isExactly(word: Uint8Array, text: string): boolean {
  if (word.length !== text.length) return false;
  for (let index = 0; index < word.length; index++) if (word[index] !== text.charCodeAt(index)) return false;
  return true;
}

export function word(text: string): Uint8Array {
  return encodeUtf8(text);
}

/** An integer as Redis reads one: decimal, no plus, no leading zeros; within 2^53. */
export function integer(bytes: Uint8Array | undefined): number {
  const text = bytes === undefined || bytes.length > 20 ? '' : decodeUtf8(bytes);
  const value = Number(text);
  if (!/^(?:0|-?[1-9]\d*)$/.test(text) || !Number.isSafeInteger(value))
    throw new CommandMistake('value is not an integer or out of range');
  return value;
}
