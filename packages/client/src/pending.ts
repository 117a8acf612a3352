/**
 * One call that is not settled yet: its bytes for every attempt, what is known about its fate, and its promise.
 *
 * Keeps the truth about the outcome. An attempt is *open* while the command is `sent`; it ends with an answer that
 * says the command was refused for certain, or it is lost, and then `maybeExecuted` stays true for good.
 */
import type { Answer, Outcome } from '@quorate/wire';
import type { Shape } from './results.ts';
import { type SharedMemory, sharedMemory } from './shared-memory.ts';

/**
 * waiting: to be sent as soon as a node, a session and a place in flight are there.
 * sent: handed to the connection in use, without an answer so far.
 * held: refused for now; waits for the retry timer or for another node.
 * settled: the promise is resolved or rejected; a late answer is ignored.
 */
export type PendingState = 'waiting' | 'sent' | 'held' | 'settled';

/** Why an attempt ended without a result. */
export type Refusal = { readonly code: string; readonly message: string };

export type ResultAnswer = Extract<Answer, { kind: 'result' | 'echo' }>;

export class PendingCommand {
  readonly shape: Shape<unknown>;
  readonly promise: Promise<unknown>;
  /** Settle the promise; the first one counts. */
  resolve!: (value: unknown) => void;
  reject!: (error: unknown) => void;
  /** Any node may answer it from what it has applied. */
  readonly stale: boolean;
  readonly issuedAtMs: number;
  readonly deadlineMs: number;
  /** Rises over all commands of a client; never used again after this one. */
  sequence = 0;
  /** The request element that `CommandSlab` wrote: `chunk` from `start` until `end`. */
  chunk: SharedMemory = NO_MEMORY;
  start = 0;
  end = 0;
  /** A line for the backend to parse, rather than an argument list. */
  isText = false;
  state: PendingState = 'waiting';
  /** Session of the latest attempt; 0: none. Kept once the command may have been executed under it. */
  session = 0;
  attempts = 0;
  /** NOT_LEADER answers with a hint. */
  redirects = 0;
  /** An earlier attempt was lost: the command may be in the log. */
  maybeExecuted = false;
  lastRefusal: Refusal | undefined = undefined;
  /** Gives the call up when it fires. */
  signal: AbortSignal | undefined = undefined;

  constructor(shape: Shape<unknown>, stale: boolean, issuedAtMs: number, timeoutMs: number) {
    this.shape = shape;
    this.stale = stale;
    this.issuedAtMs = issuedAtMs;
    this.deadlineMs = issuedAtMs + timeoutMs;
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }

  get needsSession(): boolean {
    return !this.shape.isRead;
  }

  /** What it takes in a frame. */
  get bytes(): number {
    return this.end - this.start;
  }

  /** The command itself, as a node measures it. */
  get commandBytes(): number {
    return this.bytes - ELEMENT_HEAD_BYTES;
  }

  /** False for an echo of bytes that the command does not have, or of a text. */
  canHave(answer: ResultAnswer): boolean {
    return answer.kind === 'result' || (!this.isText && answer.end <= this.commandBytes);
  }

  /** What the call promises. @throws RefusedError */
  convert(answer: ResultAnswer): unknown {
    const { slot } = answer;
    if (answer.kind === 'result') return this.shape.convert(answer.result, slot);
    const body = this.start + ELEMENT_HEAD_BYTES;
    return this.shape.convertStretch(this.chunk, body + answer.start, body + answer.end, slot);
  }

  /** What can be said of the command if we give it up now. A read changes nothing, whatever became of it. */
  get outcome(): Outcome {
    if (this.shape.isRead) return 'none';
    return this.maybeExecuted || this.state === 'sent' ? 'unknown' : 'none';
  }
}

/** `f64 sequence | u8 form | u32 length` before the bytes of each command in a request frame. */
export const ELEMENT_HEAD_BYTES = 13;

const NO_MEMORY = sharedMemory(0);
