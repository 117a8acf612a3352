/** Words of a command as text and numbers. Words are bytes; names, options and numbers in them are ASCII. */
import { decodeUtf8, encodeUtf8 } from '@quorate/wire';

/** What is wrong with a command, for the person who typed it; becomes the error of `parse`. */
export class CommandMistake extends Error {}

const MAX_OPTION_BYTES = 40;

/** A command name or option in capitals; words that are too long to be one give ''. */
export function upper(word: Uint8Array | undefined): string {
  return word === undefined || word.length > MAX_OPTION_BYTES ? '' : decodeUtf8(word).toUpperCase();
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
