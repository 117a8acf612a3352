/**
 * The results of a slot as the answers in which they leave, one after the other, in pieces of memory that many share:
 * `f64 sequence | u8 0 | f64 slot | result`, or `f64 sequence | u8 3 | f64 slot | u32 start | u32 end` for a value that lies
 * in its own command (`echo.ts`), exactly as `writeAnswer` lays them out (a property test keeps the two equal). What a
 * client is sent is then a copy of one stretch of bytes, and what is kept for its retries needs no object per result.
 */
import { ANSWER_ECHO, ANSWER_RESULT, readAnswer } from './answer-codec.ts';
import { ByteReader, encodeUtf8 } from './bytes.ts';
import { type Echo, withCommand } from './echo.ts';
import { RESULT_NIL, RESULT_REFUSED, RESULT_VALUE, type Result } from './result.ts';

/** A kept answer keeps its whole chunk alive, so chunks are small; a larger answer has one of its own. */
const CHUNK_BYTES = 16 * 1024;
const HEAD_BYTES = 17;
const KIND_OFFSET = 8;
const ECHO_BYTES = 8;
const NO_COMMANDS: PackedCommands = { bytes: new Uint8Array(0), starts: [], ends: [] };

/** Where the commands of a slot lie, by ordinal. */
export type PackedCommands = {
  readonly bytes: Uint8Array;
  readonly starts: readonly number[];
  readonly ends: readonly number[];
};

export class PackedAnswers {
  #chunk = new Uint8Array(0);
  #view = new DataView(this.#chunk.buffer);
  #used = 0;
  #slot = 0;
  #count = 0;
  #sequences: readonly number[] = [];
  #commands = NO_COMMANDS;
  /** By ordinal; undefined at `count` and above: what nobody keeps any more must not be kept here. */
  readonly #chunks: (Uint8Array | undefined)[] = [];
  // By ordinal; what lies at `count` and above is of an earlier slot.
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  readonly #sizes: number[] = [];

  /**
   * Forgets the slot before; its chunks live as long as somebody keeps them. `sequences`: by ordinal. Of values that lie in
   * `commands` only the place is kept.
   */
  begin(slot: number, sequences: readonly number[], commands: PackedCommands = NO_COMMANDS): void {
    this.#slot = slot;
    this.#sequences = sequences;
    this.#commands = commands;
    this.#chunks.fill(undefined, 0, this.#count);
    this.#count = 0;
  }

  /** Results so far: the ordinal of the next one. */
  get count(): number {
    return this.#count;
  }

  chunkOf(ordinal: number): Uint8Array {
    return this.#chunks[ordinal] as Uint8Array;
  }

  /** Where the answer lies in its chunk. */
  startOf(ordinal: number): number {
    return this.#starts[ordinal] as number;
  }

  endOf(ordinal: number): number {
    return this.#ends[ordinal] as number;
  }

  /** `resultSize` of the result. */
  sizeOf(ordinal: number): number {
    return this.#sizes[ordinal] as number;
  }

  isEcho(ordinal: number): boolean {
    return this.chunkOf(ordinal)[this.startOf(ordinal) + KIND_OFFSET] === ANSWER_ECHO;
  }

  /** The result in full, as long as its slot is the present one. */
  resultOf(ordinal: number): Result {
    const { bytes, starts, ends } = this.#commands;
    const command = bytes.subarray(starts[ordinal], ends[ordinal]);
    return withCommand(packedResult(this.chunkOf(ordinal), this.startOf(ordinal)), command) as Result;
  }

  /** The value is copied out of `source`, unless that is the command itself. */
  value(source: Uint8Array, start: number, end: number): void {
    const length = end - start;
    const { bytes, starts, ends } = this.#commands;
    const commandStart = starts[this.#count] as number;
    if (source === bytes && start >= commandStart && end <= (ends[this.#count] as number))
      return this.#echo(start - commandStart, length);
    const at = this.#begin(5 + length, length);
    this.#view.setUint8(at, RESULT_VALUE);
    this.#view.setUint32(at + 1, length, true);
    this.#chunk.set(source.subarray(start, end), at + 5);
  }

  nil(): void {
    const at = this.#begin(1, 0);
    this.#view.setUint8(at, RESULT_NIL);
  }

  refused(code: string, message: string): void {
    const codeBytes = encodeUtf8(code);
    const messageBytes = encodeUtf8(message);
    const at = this.#begin(9 + codeBytes.length + messageBytes.length, code.length + message.length);
    this.#view.setUint8(at, RESULT_REFUSED);
    this.#view.setUint32(at + 1, codeBytes.length, true);
    this.#chunk.set(codeBytes, at + 5);
    this.#view.setUint32(at + 5 + codeBytes.length, messageBytes.length, true);
    this.#chunk.set(messageBytes, at + 9 + codeBytes.length);
  }

  #echo(start: number, length: number): void {
    const at = this.#begin(ECHO_BYTES, length, ANSWER_ECHO);
    this.#view.setUint32(at, start, true);
    this.#view.setUint32(at + 4, start + length, true);
  }

  /** Writes the head of the next answer; returns where its result of `bytes` bytes is to be written. */
  #begin(bytes: number, size: number, kind = ANSWER_RESULT): number {
    const total = HEAD_BYTES + bytes;
    if (this.#used + total > this.#chunk.length) this.#open(total);
    const start = this.#used;
    this.#used = start + total;
    const ordinal = this.#count++;
    this.#chunks[ordinal] = this.#chunk;
    this.#starts[ordinal] = start;
    this.#ends[ordinal] = start + total;
    this.#sizes[ordinal] = size;
    this.#view.setFloat64(start, this.#sequences[ordinal] as number, true);
    this.#view.setUint8(start + KIND_OFFSET, kind);
    this.#view.setFloat64(start + 9, this.#slot, true);
    return start + HEAD_BYTES;
  }

  #open(bytes: number): void {
    this.#chunk = new Uint8Array(Math.max(CHUNK_BYTES, bytes));
    this.#view = new DataView(this.#chunk.buffer);
    this.#used = 0;
  }
}

/** The result in the answer that begins at `start`; its value is a view. */
export function packedResult(chunk: Uint8Array, start: number): Result | Echo {
  const answer = readAnswer(new ByteReader(chunk, start));
  if (answer.kind === 'echo') return { start: answer.start, end: answer.end };
  if (answer.kind !== 'result') throw new TypeError(`an answer of kind ${answer.kind} is no result`);
  return answer.result;
}
