/**
 * Where answers go: to a client of this node, or through a peer to a client of that peer. Answers of one turn
 * leave as one frame.
 */
import {
  type Answer,
  ERRORS,
  type ErrorCode,
  type ErrorDetails,
  type Outcome,
  ResponseBuffer,
  type Result,
} from '@quorate/wire';

export interface Responder {
  addResult(sequence: number, slot: number, result: Result): void;
  add(answer: Answer): void;
}

/** Buffers answers and registers itself once per turn with `dirty`, whose owner calls `flush`. */
export class BufferedResponder implements Responder {
  readonly #buffer = new ResponseBuffer();
  readonly #dirty: Set<BufferedResponder>;
  readonly #send: (frame: Uint8Array) => void;

  constructor(dirty: Set<BufferedResponder>, send: (frame: Uint8Array) => void) {
    this.#dirty = dirty;
    this.#send = send;
  }

  addResult(sequence: number, slot: number, result: Result): void {
    this.#buffer.addResult(sequence, slot, result);
    this.#dirty.add(this);
  }

  add(answer: Answer): void {
    this.#buffer.add(answer);
    this.#dirty.add(this);
  }

  flush(): void {
    if (this.#buffer.count > 0) this.#send(this.#buffer.take());
  }
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
