/**
 * What a simulated client asks, and the fate of each request from its first attempt to its end.
 */
import type { CommandInput, ErrorCode, Result } from '@quorate/wire';
import type { Action } from '../history/call.ts';

export type Operation = {
  readonly input: CommandInput;
  readonly access: 'read' | 'write';
  /** The object it is about; '' when nobody knows. */
  readonly key: string;
  /** What it means, for the models of `linearizability/`; undefined when nobody knows. */
  readonly action: Action | undefined;
  /** Over the limit of a command: must be refused, and never executed. */
  readonly isTooLarge: boolean;
};

export type Ending =
  | { readonly kind: 'done'; readonly slot: number; readonly result: Result }
  /** Given up: may have taken effect or not. */
  | { readonly kind: 'unknown' }
  /** Certainly not executed, as the client was told. */
  | { readonly kind: 'none' };

/** One operation of one client, over all its attempts. */
export type Request = {
  /** Unique within a run, rising. */
  readonly id: number;
  readonly client: number;
  /** Which of the client's requests that run at the same time it is, from 0. */
  readonly lane: number;
  readonly operation: Operation;
  readonly sequence: number;
  readonly consistency: 'linearizable' | 'stale';
  readonly beganMs: number;
  /** Highest slot that anybody had learned when it began: what a linearizable read must reflect. */
  readonly floorSlot: number;
  /** The client gives up then. */
  readonly deadlineMs: number;
  /** 0 until one is there. Fixed once an attempt may have been executed. */
  session: number;
  attempts: number;
  state: 'waiting' | 'sent' | 'held' | 'ended';
  sentMs: number;
  mayBeExecuted: boolean;
  endedMs: number;
  ending: Ending | undefined;
  /** Of the latest refusal. */
  lastCode: ErrorCode | undefined;
};

/** In memory of its own: a decoded result is a view of the frame that it came in. */
export function ownResult(result: Result): Result {
  return result.ok && result.value !== null ? { ok: true, value: result.value.slice() } : result;
}
