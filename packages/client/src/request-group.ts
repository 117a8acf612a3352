/**
 * Collects the commands of one flush that share a session and a consistency, and makes one request frame of them.
 * Commands are added in rising order of their sequences, as the wire wants them.
 */
import { ByteWriter, MAX_REQUEST_COMMANDS, writeClientFrame } from '@quorate/wire';
import type { PendingCommand } from './pending.ts';
import type { SharedMemory } from './shared-memory.ts';

/** A frame takes no further command once it is this long, so it exceeds this by one command at most. */
const FULL_FRAME_BYTES = 256 * 1024;
const COUNT_BYTES = 2;

export class RequestGroup {
  session = 0;
  stale = false;
  #count = 0;
  #bytes = 0;
  #lastDeadlineMs = 0;
  /** Runs of elements that lie in a row: `chunks[i]` from `starts[i]` until `ends[i]`. */
  readonly #chunks: SharedMemory[] = [];
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  readonly #head = new ByteWriter(64);

  get isEmpty(): boolean {
    return this.#count === 0;
  }

  get isFull(): boolean {
    return this.#count === MAX_REQUEST_COMMANDS || this.#bytes >= FULL_FRAME_BYTES;
  }

  /** The latest deadline of its commands: a node must not drop one while its caller still waits. */
  get lastDeadlineMs(): number {
    return this.#lastDeadlineMs;
  }

  add(command: PendingCommand): void {
    const last = this.#chunks.length - 1;
    if (last >= 0 && this.#chunks[last] === command.chunk && this.#ends[last] === command.start) {
      this.#ends[last] = command.end;
    } else {
      this.#chunks.push(command.chunk);
      this.#starts.push(command.start);
      this.#ends.push(command.end);
    }
    this.#count += 1;
    this.#bytes += command.bytes;
    if (command.deadlineMs > this.#lastDeadlineMs) this.#lastDeadlineMs = command.deadlineMs;
  }

  /** The frame, and an empty group again. */
  take(ackSequence: number, noForward: boolean, timeoutMs: number): Uint8Array {
    const head = this.#writeHead(ackSequence, noForward, timeoutMs);
    const frame = Buffer.allocUnsafe(head.length + this.#bytes);
    frame.set(head, 0);
    let offset = head.length;
    for (const [index, chunk] of this.#chunks.entries()) {
      offset += chunk.bytes.copy(frame, offset, this.#starts[index], this.#ends[index]);
    }
    this.#chunks.length = 0;
    this.#starts.length = 0;
    this.#ends.length = 0;
    this.#count = 0;
    this.#bytes = 0;
    this.#lastDeadlineMs = 0;
    return frame;
  }

  /** The head of an empty request, with our count in its last two bytes. */
  #writeHead(ackSequence: number, noForward: boolean, timeoutMs: number): Uint8Array {
    this.#head.reset();
    const consistency = this.stale ? 'stale' : 'linearizable';
    writeClientFrame(this.#head, {
      kind: 'request',
      session: this.session,
      ackSequence,
      consistency,
      noForward,
      timeoutMs,
      commands: [],
    });
    this.#head.patchU16(this.#head.length - COUNT_BYTES, this.#count);
    return this.#head.bytes();
  }
}
