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
import { sharedMemory } from './shared-memory.ts';

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
/** Above this, a text is measured exactly instead of reserving three bytes for each character, much of a chunk. */
const MEASURED_TEXT_CHARS = 1024;

export class CommandSlab {
  #chunk: Buffer = sharedMemory(CHUNK_BYTES);
  #view: DataView = viewOf(this.#chunk);
  #end = 0;

  /** `[verb, key]`. @throws ARGUMENT if a part is neither text nor bytes. */
  writeKey(command: PendingCommand, verb: Uint8Array, key: CommandPart): void {
    this.#openArguments(command, 2, verb.length + partBound(key) + 8);
    this.#bytes(verb);
    this.#part(key);
    this.#close(command);
  }

  /** `[verb, key, value]`. @throws ARGUMENT */
  writeKeyValue(command: PendingCommand, verb: Uint8Array, key: CommandPart, value: CommandPart): void {
    this.#openArguments(command, 3, verb.length + partBound(key) + partBound(value) + 12);
    this.#bytes(verb);
    this.#part(key);
    this.#part(value);
    this.#close(command);
  }

  /** @throws ARGUMENT */
  writeArguments(command: PendingCommand, parts: readonly CommandPart[]): void {
    if (!isList(parts))
      throw new QuorateError('ARGUMENT', `a command is a text or a list, not ${describe(parts)}`);
    if (parts.length > MAX_ARGUMENTS) {
      throw new QuorateError('ARGUMENT', `${parts.length} arguments are over the limit of ${MAX_ARGUMENTS}`);
    }
    let room = 0;
    for (const part of parts) room += 4 + partBound(part);
    if (room > MAX_SHARING_BYTES) room = parts.reduce((sum, part) => sum + 4 + bytesOf(part), 0);
    this.#openArguments(command, parts.length, room);
    for (const part of parts) this.#part(part);
    this.#close(command);
  }

  writeText(command: PendingCommand, text: string): void {
    this.#open(command, FORM_TEXT, partBound(text));
    this.#end += this.#utf8(text, this.#end);
    this.#close(command);
  }

  #openArguments(command: PendingCommand, count: number, roomBytes: number): void {
    this.#open(command, FORM_ARGUMENTS, roomBytes + 2);
    this.#view.setUint16(this.#end, count, true);
    this.#end += 2;
  }

  #open(command: PendingCommand, form: number, roomBytes: number): void {
    const needed = ELEMENT_HEAD_BYTES + roomBytes;
    if (needed > this.#chunk.length - this.#end) {
      this.#chunk = sharedMemory(needed > MAX_SHARING_BYTES ? needed : CHUNK_BYTES);
      this.#view = viewOf(this.#chunk);
      this.#end = 0;
    }
    command.chunk = this.#chunk;
    command.start = this.#end;
    command.isText = form === FORM_TEXT;
    this.#view.setFloat64(this.#end, command.sequence, true);
    this.#view.setUint8(this.#end + 8, form);
    this.#end += ELEMENT_HEAD_BYTES;
  }

  #close(command: PendingCommand): void {
    command.end = this.#end;
    this.#view.setUint32(command.start + 9, this.#end - command.start - ELEMENT_HEAD_BYTES, true);
  }

  #part(part: CommandPart): void {
    if (typeof part !== 'string') {
      this.#bytes(part);
      return;
    }
    const length = this.#utf8(part, this.#end + 4);
    this.#view.setUint32(this.#end, length, true);
    this.#end += 4 + length;
  }

  #bytes(bytes: Uint8Array): void {
    this.#view.setUint32(this.#end, bytes.length, true);
    this.#chunk.set(bytes, this.#end + 4);
    this.#end += 4 + bytes.length;
  }

  /** Bytes written at `offset`. Lone surrogates become U+FFFD. */
  #utf8(text: string, offset: number): number {
    const { length } = text;
    if (length > SHORT_TEXT_CHARS) return this.#chunk.write(text, offset, 'utf8');
    const chunk = this.#chunk;
    for (let index = 0; index < length; index++) {
      const unit = text.charCodeAt(index);
      if (unit >= 0x80) return chunk.write(text, offset, 'utf8');
      chunk[offset + index] = unit;
    }
    return length;
  }
}

/** `Array.isArray` would turn the parts into `any`. */
function isList(value: unknown): boolean {
  return Array.isArray(value);
}

/** Bytes that are enough for the part. */
function partBound(part: unknown): number {
  if (typeof part === 'string')
    return part.length <= MEASURED_TEXT_CHARS ? part.length * 3 : Buffer.byteLength(part);
  if (part instanceof Uint8Array) return part.length;
  throw new QuorateError(
    'ARGUMENT',
    `keys, values and arguments are text or Uint8Array, not ${describe(part)}`,
  );
}

/** Exactly; of parts that were looked at before. */
function bytesOf(part: CommandPart): number {
  return typeof part === 'string' ? Buffer.byteLength(part) : part.length;
}

function describe(value: unknown): string {
  return value === null ? 'null' : typeof value;
}

function viewOf(chunk: Buffer): DataView {
  return new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength);
}
