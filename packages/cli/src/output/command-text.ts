/**
 * The bytes of a command as a person would type it, as far as that can be said without its backend: a list of
 * arguments is shown as words, anything else as a value. Long ones are cut, and say so.
 */
import { formatValue, quoteWord } from '@quorate/core/ports';
import { decodeArguments, QuorateError } from '@quorate/wire';

const MAX_SHOWN_BYTES = 200;

export function describeCommand(bytes: Uint8Array): string {
  const words = argumentsOf(bytes);
  return words === undefined
    ? short(bytes, formatValue)
    : words.map((word) => short(word, quoteWord)).join(' ');
}

function argumentsOf(bytes: Uint8Array): Uint8Array[] | undefined {
  try {
    return decodeArguments(bytes);
  } catch (error) {
    if (error instanceof QuorateError) return undefined; // Another encoding: the backend's own.
    throw error;
  }
}

function short(bytes: Uint8Array, show: (bytes: Uint8Array) => string): string {
  if (bytes.length <= MAX_SHOWN_BYTES) return show(bytes);
  return `${show(bytes.subarray(0, MAX_SHOWN_BYTES))}...(${bytes.length} bytes)`;
}
