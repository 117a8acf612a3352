/**
 * One decoder as the fuzzer sees it, and the words in which its owner says what may come of any bytes.
 */
import { ERRORS, type ErrorRow, equalBytes, QuorateError } from '@quorate/wire';

export type FuzzTarget = {
  /** How it is chosen on the command line. */
  readonly name: string;
  /** Encodings that are read, at least one of each kind. */
  readonly corpus: readonly Uint8Array[];
  /** Makes checksums right again, in place, so that damage gets past them. */
  repair?(bytes: Uint8Array): void;
  /**
   * Undefined when the bytes were read, else the code with which they were refused. Throws for everything that must not
   * be: another error, two spellings of one content, half a restore.
   */
  judge(bytes: Uint8Array): string | undefined | Promise<string | undefined>;
  /** Its share of the executions: how many for each one of the slowest target. */
  readonly share: number;
};

/** The code of a refusal by one of these families. Anything else goes on: it is a finding. */
export function refusalCode(error: unknown, ...families: readonly ErrorRow['family'][]): string {
  if (error instanceof QuorateError && families.includes(ERRORS[error.code].family)) return error.code;
  throw error;
}

/** Decoding and encoding again gives the very same bytes: one spelling for one content. */
export function judgeSpelling<T>(
  bytes: Uint8Array,
  decode: (bytes: Uint8Array) => T,
  encode: (value: T) => Uint8Array,
): string | undefined {
  let value: T;
  try {
    value = decode(bytes);
  } catch (error) {
    return refusalCode(error, 'wire');
  }
  const again = encode(value);
  if (!equalBytes(again, bytes)) throw new Error(`a second spelling of ${toHex(again).slice(0, 400)}`);
  return undefined;
}

/**
 * The weaker form, for formats that hold text: invalid UTF-8 is read as replacement characters. What was read and
 * written once more must stay the same from then on.
 */
export function judgeStable<T>(
  bytes: Uint8Array,
  decode: (bytes: Uint8Array) => T,
  encode: (value: T) => Uint8Array,
): string | undefined {
  let value: T;
  try {
    value = decode(bytes);
  } catch (error) {
    return refusalCode(error, 'wire');
  }
  const first = encode(value);
  const second = encode(decode(first));
  if (!equalBytes(first, second))
    throw new Error(
      `read again it is another: ${toHex(first).slice(0, 400)} and ${toHex(second).slice(0, 400)}`,
    );
  return undefined;
}

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}
