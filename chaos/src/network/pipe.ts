/**
 * One direction of one connection: takes bytes, the end of the stream or its abortion from one socket and gives them to
 * the other, when the direction lets them through.
 *
 * A TCP stream cannot lose bytes in the middle, so a cut is a hold: what was sent stays queued here and in the kernel,
 * and passes late when the cut heals, or never, when the connection is reset instead. The end of a stream and a reset
 * are held as well: behind a cut nobody hears that the other side has died.
 */
import type { Socket } from 'node:net';
import type { Direction } from './direction.ts';

/** Beyond this a source is not read any more, and its kernel pushes back. */
const MAX_QUEUED_BYTES = 1 << 20;

type Piece =
  | { readonly kind: 'bytes'; readonly bytes: Buffer; readonly dueMs: number }
  | { readonly kind: 'end' | 'abort'; readonly dueMs: number };

export class Pipe {
  readonly #source: Socket;
  readonly #sink: Socket;
  readonly #direction: Direction;
  readonly #queue: Piece[] = [];
  readonly #forget: () => void;
  #queuedBytes = 0;
  #lastDueMs = 0;
  /** When the bytes sent so far have passed at the allowed speed. */
  #freeAtMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #isOpen = false;
  #isBlocked = false;
  #sawEnd = false;
  #tearIn: (() => number) | undefined;
  /** Called when a torn piece is on its way. */
  onTorn: () => void = () => undefined;

  constructor(source: Socket, sink: Socket, direction: Direction) {
    this.#source = source;
    this.#sink = sink;
    this.#direction = direction;
    this.#forget = direction.onChange(() => this.#pump());
    source.on('data', (bytes: Buffer) => this.#takeBytes(bytes));
    source.on('end', () => this.#takeEnd('end'));
    source.on('close', () => this.#takeEnd('abort'));
    sink.on('drain', () => {
      this.#isBlocked = false;
      this.#pump();
    });
    sink.on('close', () => this.#discard());
  }

  /** The sink is connected: from now on pieces pass. */
  open(): void {
    this.#isOpen = true;
    this.#pump();
  }

  /** Of the next piece only a part will pass; `share` says which, from 0 to 1. */
  tear(share: () => number): void {
    this.#tearIn = share;
  }

  #takeBytes(bytes: Buffer): void {
    const { latencyMs, jitterMs } = this.#direction.slowness;
    if (this.#direction.isHeld || latencyMs > 0) this.#direction.affectedPieces += 1;
    this.#lastDueMs = Math.max(this.#lastDueMs, performance.now() + latencyMs + Math.random() * jitterMs);
    this.#queue.push({ kind: 'bytes', bytes, dueMs: this.#lastDueMs });
    this.#queuedBytes += bytes.length;
    if (this.#queuedBytes > MAX_QUEUED_BYTES) this.#source.pause();
    this.#pump();
  }

  #takeEnd(kind: 'end' | 'abort'): void {
    if (this.#sawEnd) return;
    this.#sawEnd = true;
    this.#queue.push({ kind, dueMs: this.#lastDueMs });
    this.#pump();
  }

  #pump(): void {
    clearTimeout(this.#timer);
    while (this.#isOpen && !this.#isBlocked && !this.#direction.isHeld) {
      const piece = this.#queue[0];
      if (piece === undefined) return;
      const waitMs = Math.max(piece.dueMs, this.#freeAtMs) - performance.now();
      if (waitMs > 0) {
        this.#timer = setTimeout(() => this.#pump(), Math.ceil(waitMs));
        return;
      }
      this.#queue.shift();
      this.#pass(piece);
    }
  }

  #pass(piece: Piece): void {
    switch (piece.kind) {
      case 'bytes':
        this.#passBytes(piece.bytes);
        return;
      case 'end':
        this.#sink.end();
        return;
      case 'abort':
        this.#sink.resetAndDestroy();
        return;
      default:
        return piece satisfies never;
    }
  }

  #passBytes(bytes: Buffer): void {
    this.#queuedBytes -= bytes.length;
    if (this.#queuedBytes <= MAX_QUEUED_BYTES) this.#source.resume();
    const { bytesPerSecond } = this.#direction.slowness;
    if (bytesPerSecond !== Number.POSITIVE_INFINITY) {
      this.#direction.affectedPieces += 1;
      this.#freeAtMs = Math.max(this.#freeAtMs, performance.now()) + (bytes.length / bytesPerSecond) * 1000;
    }
    if (this.#tearIn !== undefined && bytes.length > 1) {
      const kept = Math.max(1, Math.floor(this.#tearIn() * bytes.length));
      this.#tearIn = undefined;
      this.#isOpen = false;
      this.#sink.write(bytes.subarray(0, Math.min(kept, bytes.length - 1)), () => this.onTorn());
      return;
    }
    if (!this.#sink.write(bytes)) this.#isBlocked = true;
  }

  /** Nobody is left to give anything to. */
  #discard(): void {
    clearTimeout(this.#timer);
    this.#forget();
    this.#isOpen = false;
    this.#queue.length = 0;
    this.#queuedBytes = 0;
    this.#source.resume(); // Its end is still to be heard of.
  }
}
