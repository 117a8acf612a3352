/**
 * Turns a backend's `Result` into what each kind of call promises: a text, bytes, or the whole answer.
 *
 * Owns the copying rule: bytes in a decoded frame are views into a socket chunk of up to 64 KiB, an echo is a stretch of
 * the chunk of its command, and a value that is kept must not keep much else alive. Owns `RefusedError`, the backend's "no"
 * for `get`, `set` and `del`.
 */
import { QuorateError, type Result } from '@quorate/wire';
import { type SharedMemory, sharedMemory } from './shared-memory.ts';

/** The whole answer to `exec`. A refusal by the backend's own rules is an answer too, not an exception. */
export type ExecResult = ExecDone | ExecRefused;

export type ExecDone = {
  readonly ok: true;
  /** `null`: no value, which is not the same as an empty one. */
  readonly value: Uint8Array | null;
  /** The log position that the answer reflects: for a write its own, for a read the one it saw. */
  readonly slot: number;
  /** The value as UTF-8. */
  text(): string | null;
};

export type ExecRefused = {
  readonly ok: false;
  readonly value: null;
  readonly slot: number;
  /** The backend's own word, for instance an SQLSTATE. */
  readonly code: string;
  readonly message: string;
  text(): null;
};

/**
 * The backend executed the command and said no by its own rules, on every node alike. Nothing changed.
 * `refusal` is the backend's own word for why.
 */
export class RefusedError extends QuorateError {
  readonly refusal: string;

  constructor(refusal: string, message: string, slot: number) {
    super('REFUSED', message, { outcome: 'none', details: { refusal, slot } });
    this.name = 'RefusedError';
    this.refusal = refusal;
  }
}

/** How a call wants its result. `isRead`: the command changes nothing, so its outcome is never unknown. */
export type Shape<T> = {
  readonly isRead: boolean;
  /** @throws RefusedError if the call cannot express a refusal. */
  convert(result: Result, slot: number): T;
  /** The same of a value that lies in memory of ours, from `start` until `end`. */
  convertStretch(memory: SharedMemory, start: number, end: number, slot: number): T;
};

const AS_TEXT = { convert: toText, convertStretch: stretchToText };
const AS_BYTES = { convert: toBytes, convertStretch: stretchToBytes };
const AS_ANY = { convert: toExecResult, convertStretch: stretchToExecResult };

export const READ_TEXT: Shape<string | null> = { isRead: true, ...AS_TEXT };
export const READ_BYTES: Shape<Uint8Array | null> = { isRead: true, ...AS_BYTES };
export const WRITE_TEXT: Shape<string | null> = { isRead: false, ...AS_TEXT };
export const WRITE_BYTES: Shape<Uint8Array | null> = { isRead: false, ...AS_BYTES };
/** What a write stored. A backend that answers a write without a value is taken to have stored an empty one. */
export const WRITTEN_TEXT: Shape<string> = {
  isRead: false,
  convert: (result, slot) => toText(result, slot) ?? '',
  convertStretch: stretchToText,
};
export const WRITTEN_BYTES: Shape<Uint8Array> = {
  isRead: false,
  convert: (result, slot) => toBytes(result, slot) ?? new Uint8Array(0),
  convertStretch: stretchToBytes,
};
export const READ_ANY: Shape<ExecResult> = { isRead: true, ...AS_ANY };
export const WRITE_ANY: Shape<ExecResult> = { isRead: false, ...AS_ANY };

function toText(result: Result, slot: number): string | null {
  if (!result.ok) throw new RefusedError(result.code, result.message, slot);
  return result.value === null ? null : textOf(result.value);
}

function toBytes(result: Result, slot: number): Uint8Array | null {
  if (!result.ok) throw new RefusedError(result.code, result.message, slot);
  return result.value === null ? null : ownBytes(result.value);
}

function toExecResult(result: Result, slot: number): ExecResult {
  if (!result.ok)
    return { ok: false, value: null, slot, code: result.code, message: result.message, text: noText };
  return execDone(result.value === null ? null : ownBytes(result.value), slot);
}

function stretchToText(memory: SharedMemory, start: number, end: number): string {
  return memory.bytes.toString('utf8', start, end);
}

/** As `ownBytes`. */
function stretchToBytes(memory: SharedMemory, start: number, end: number): Uint8Array {
  const length = end - start;
  const { buffer, bytes } = memory;
  if (mayPin(length, bytes.length)) return new Uint8Array(buffer, start, length);
  return copyOf(bytes.subarray(start, end));
}

function stretchToExecResult(memory: SharedMemory, start: number, end: number, slot: number): ExecResult {
  return execDone(stretchToBytes(memory, start, end), slot);
}

function execDone(value: Uint8Array | null, slot: number): ExecDone {
  return { ok: true, value, slot, text: () => (value === null ? null : textOf(value)) };
}

const noText = (): null => null;

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}

/** Short values share pieces of memory of this size: one of their own would cost far more than their bytes. */
const SLAB_BYTES = 16 * 1024;
const SHORT_VALUE_BYTES = 1024;
let slab = sharedMemory(SLAB_BYTES);
let slabUsed = 0;

/** A copy, unless the value may keep alive the memory in which it lies. Always a plain `Uint8Array`. */
function ownBytes(bytes: Uint8Array): Uint8Array {
  const { buffer, byteOffset, byteLength } = bytes;
  return mayPin(byteLength, buffer.byteLength)
    ? new Uint8Array(buffer, byteOffset, byteLength)
    : copyOf(bytes);
}

/** The memory is mostly the value's own, or the value is short and the memory no more than it would share with others anyway. */
function mayPin(length: number, memoryLength: number): boolean {
  return length * 2 >= memoryLength || (length <= SHORT_VALUE_BYTES && memoryLength <= SLAB_BYTES);
}

function copyOf(bytes: Uint8Array): Uint8Array {
  const { length } = bytes;
  const copy = length <= SHORT_VALUE_BYTES ? fromSlab(length) : new Uint8Array(length);
  copy.set(bytes);
  return copy;
}

function fromSlab(length: number): Uint8Array {
  if (slabUsed + length > SLAB_BYTES) {
    slab = sharedMemory(SLAB_BYTES);
    slabUsed = 0;
  }
  slabUsed += length;
  return new Uint8Array(slab.buffer, slabUsed - length, length);
}
