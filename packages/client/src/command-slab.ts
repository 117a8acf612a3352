/**
 * Writes commands as the elements of a request frame, `f64 sequence | u8 form | u32 length | bytes`, into chunks of
 * 16 KiB, once per command: every attempt copies the same bytes into its frame, and commands that were issued in
 * a row lie in a row, so that a frame is usually one copy. A chunk lives as long as a command that lies in it.
 *
 * The layout is that of `@quorate/wire` (client-frame-codec.ts, command.ts); a property test keeps the two equal.
 * Leaves the head of the frame to `request-group.ts`.
 */
import { MAX_ARGUMENTS, QuorateError } from '@quorate/wire';
import { ELEMENT_HEAD_BYTES, type PendingCommand } from './pending.ts';
import { type SharedMemory, sharedMemory } from './shared-memory.ts';

/** Text is sent as UTF-8. */
export type CommandPart = string | Uint8Array;

/** Small, because a value that comes back as an echo of its command keeps the chunk alive. */
const CHUNK_BYTES = 16 * 1024;
/** A longer command that opens a chunk opens one of its own length: of a common one, up to a half would stay empty. */
const MAX_SHARING_BYTES = CHUNK_BYTES / 2;
const FORM_TEXT = 0;
const FORM_ARGUMENTS = 1;
/** Up to this length a loop over ASCII is cheaper than the call into native code. */
const SHORT_TEXT_CHARS = 48;
/** The same of bytes. */
const SHORT_BYTES = 16;
/** Above this, a text is measured exactly instead of reserving three bytes for each character, much of a chunk. */
const MEASURED_TEXT_CHARS = 1024;
const NO_BYTES = new Uint8Array(0);

export class CommandSlab {
  #chunk: SharedMemory = sharedMemory(CHUNK_BYTES);
  #end = 0;

  /** A line as people type it, or its arguments. @throws ARGUMENT if it is neither, or a part of it is not. */
  write(command: PendingCommand, input: string | readonly CommandPart[]): void {
    if (typeof input === 'string') this.#writeText(command, input);
    else this.#writeArguments(command, input);
  }

  #writeArguments(command: PendingCommand, parts: readonly CommandPart[]): void {
    if (!isList(parts))
      throw new QuorateError('ARGUMENT', `a command is a text or a list, not ${describe(parts)}`);
    if (parts.length > MAX_ARGUMENTS) {
      throw new QuorateError('ARGUMENT', `${parts.length} arguments are over the limit of ${MAX_ARGUMENTS}`);
    }
    let room = 2;
    for (const part of parts) room += 4 + partBound(part);
    if (room > MAX_SHARING_BYTES) room = parts.reduce((sum, part) => sum + 4 + bytesOf(part), 2);
    let end = this.#open(command, FORM_ARGUMENTS, room);
    const { bytes, view } = this.#chunk;
    view.setUint16(end, parts.length, true);
    end += 2;
    for (const part of parts) {
      const start = end + 4;
      const length =
        typeof part === 'string' ? writeUtf8(bytes, part, start) : writeBytes(bytes, part, start);
      view.setUint32(end, length, true);
      end = start + length;
    }
    this.#close(command, end);
  }

  #writeText(command: PendingCommand, text: string): void {
    const start = this.#open(command, FORM_TEXT, partBound(text));
    this.#close(command, start + writeUtf8(this.#chunk.bytes, text, start));
  }

  /** Where the bytes of the command begin, with room for so many. */
  #open(command: PendingCommand, form: number, roomBytes: number): number {
    const needed = ELEMENT_HEAD_BYTES + roomBytes;
    if (needed > this.#chunk.bytes.length - this.#end) {
      this.#chunk = sharedMemory(needed > MAX_SHARING_BYTES ? needed : CHUNK_BYTES);
      this.#end = 0;
    }
    const { view } = this.#chunk;
    const start = this.#end;
    command.chunk = this.#chunk;
    command.start = start;
    command.isText = form === FORM_TEXT;
    view.setFloat64(start, command.sequence, true);
    view.setUint8(start + 8, form);
    return start + ELEMENT_HEAD_BYTES;
  }

  #close(command: PendingCommand, end: number): void {
    command.end = end;
    this.#end = end;
    this.#chunk.view.setUint32(command.start + 9, command.commandBytes, true);
  }
}

/** The bytes written. */
function writeBytes(out: Buffer, source: Uint8Array, offset: number): number {
  const { length } = source;
  if (length > SHORT_BYTES) out.set(source, offset);
  else for (let index = 0; index < length; index++) out[offset + index] = source[index] as number;
  return length;
}

/** The bytes written. Lone surrogates become U+FFFD. */
function writeUtf8(out: Buffer, text: string, offset: number): number {
  const { length } = text;
  if (length > SHORT_TEXT_CHARS) return out.write(text, offset);
  let units = 0;
  for (let index = 0; index < length; index++) {
    const unit = text.charCodeAt(index);
    units |= unit;
    out[offset + index] = unit;
  }
  return units < 0x80 ? length : out.write(text, offset);
}

/** `Array.isArray` would turn the parts into `any`. */
function isList(value: unknown): boolean {
  return Array.isArray(value);
}

/** Bytes that are enough for the part. */
function partBound(part: unknown): number {
  if (typeof part === 'string')
    return part.length <= MEASURED_TEXT_CHARS ? part.length * 3 : Buffer.byteLength(part);
  if (part instanceof Uint8Array) {
    if (part[0] === undefined && !isInMemory(part))
      throw new QuorateError('ARGUMENT', 'the memory of a key, value or argument was given away or cut off');
    return part.length;
  }
  throw new QuorateError(
    'ARGUMENT',
    `keys, values and arguments are text or Uint8Array, not ${describe(part)}`,
  );
}

/** False once its buffer was transferred or has become too short; such bytes look like none. */
function isInMemory(part: Uint8Array): boolean {
  try {
    NO_BYTES.set(part);
    return true;
  } catch {
    return false;
  }
}

/** Exactly; of parts that were looked at before. */
function bytesOf(part: CommandPart): number {
  return typeof part === 'string' ? Buffer.byteLength(part) : part.length;
}

function describe(value: unknown): string {
  return value === null ? 'null' : typeof value;
}
