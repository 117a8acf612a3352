/**
 * Where answers go: to a client of this node, or through a peer to a client of that peer. Answers of one turn
 * leave as one frame, or as several when they are large.
 *
 * Owns the bound on answers that a receiver has not read: who asks for more than it reads is told so, answer by answer,
 * instead of being cut off with everything that it waits for.
 */
import {
  type Answer,
  ERRORS,
  type ErrorCode,
  type ErrorDetails,
  type Outcome,
  type PackedAnswers,
  ResponseBuffer,
  type Result,
} from '@quorate/wire';
import type { Waiter } from './batcher.ts';

/** Answers leave as a frame when they reach this size, without waiting for the end of the turn. */
export const ANSWER_FRAME_BYTES: number = 1024 * 1024;

/** Half of what a connection may queue: results stop here, and the refusals that take their place still fit. */
export const MAX_WAITING_ANSWER_BYTES: number = 32 * 1024 * 1024;

export interface Responder {
  /** The receiver has left MAX_WAITING_ANSWER_BYTES unread: what can be asked again later should not be answered now. */
  readonly isFull: boolean;
  /** A result that finds the receiver full is replaced by DISCONNECTED: executed, and to be asked for again. */
  addResult(sequence: number, slot: number, result: Result): void;
  add(answer: Answer): void;
  /** `count` results that are encoded as answers already, one after the other. Not for a receiver that is full. */
  addEncoded(answers: Uint8Array, count: number): void;
}

/** A connection, or the way through a peer. */
export type AnswerSink = {
  send(frame: Uint8Array): void;
  /** Bytes sent that wait to be taken by the operating system. */
  queuedBytes(): number;
};

/** Buffers answers and registers itself once per turn with `dirty`, whose owner calls `flush`. */
export class BufferedResponder implements Responder {
  readonly #buffer = new ResponseBuffer();
  readonly #dirty: Set<BufferedResponder>;
  readonly #sink: AnswerSink;
  /** As of the beginning of the frame that is being filled. */
  #wasFull = false;

  constructor(dirty: Set<BufferedResponder>, sink: AnswerSink) {
    this.#dirty = dirty;
    this.#sink = sink;
  }

  get isFull(): boolean {
    if (this.#buffer.count === 0) this.#wasFull = this.#sink.queuedBytes() >= MAX_WAITING_ANSWER_BYTES;
    return this.#wasFull;
  }

  addResult(sequence: number, slot: number, result: Result): void {
    if (this.isFull) return this.add(unread(sequence));
    this.#buffer.addResult(sequence, slot, result);
    this.#note();
  }

  add(answer: Answer): void {
    this.#buffer.add(answer);
    this.#note();
  }

  addEncoded(answers: Uint8Array, count: number): void {
    this.#buffer.addPacked(answers, count);
    this.#note();
  }

  flush(): void {
    if (this.#buffer.count > 0) this.#sink.send(this.#buffer.take());
  }

  #note(): void {
    this.#dirty.add(this);
    if (this.#buffer.bytes >= ANSWER_FRAME_BYTES) this.flush();
  }
}

/** Those with ordinals from `first` up to, not including, `end`; `sequences`: by ordinal. */
export type PackedRun = {
  readonly first: number;
  readonly end: number;
  readonly slot: number;
  readonly sequences: readonly number[];
};

/** Answers of the present slot to who waits for them. Echoes are said in full to whom they would mean nothing. */
export function addPacked(
  { responder, takesEchoes }: Waiter,
  answers: PackedAnswers,
  { first, end, slot, sequences }: PackedRun,
): void {
  const isAsPacked = (ordinal: number): boolean => takesEchoes || !answers.isEcho(ordinal);
  let from = first;
  while (from < end) {
    if (!isAsPacked(from)) {
      responder.addResult(sequences[from] as number, slot, answers.resultOf(from));
      from += 1;
      continue;
    }
    // One stretch: the answers that lie in one chunk.
    const chunk = answers.chunkOf(from);
    let until = from + 1;
    while (until < end && answers.chunkOf(until) === chunk && isAsPacked(until)) until += 1;
    if (responder.isFull)
      for (let ordinal = from; ordinal < until; ordinal++)
        responder.add(unread(sequences[ordinal] as number));
    else responder.addEncoded(chunk.subarray(answers.startOf(from), answers.endOf(until - 1)), until - from);
    from = until;
  }
}

function unread(sequence: number): Answer {
  return errorAnswer(
    sequence,
    'DISCONNECTED',
    `the answer was not sent, because ${MAX_WAITING_ANSWER_BYTES} bytes of answers wait to be read; ask again`,
  );
}

/** An answer that says no, with the table's outcome unless another one is known to be true. */
export function errorAnswer(
  sequence: number,
  code: ErrorCode,
  message: string,
  options: { readonly outcome?: Outcome; readonly details?: ErrorDetails } = {},
): Answer {
  return {
    sequence,
    kind: 'error',
    code,
    outcome: options.outcome ?? ERRORS[code].outcome,
    message,
    details: options.details ?? {},
  };
}
