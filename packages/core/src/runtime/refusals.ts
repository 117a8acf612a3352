/**
 * What the engine tells those who wait when nobody will carry out their commands: each says whether it can have taken
 * effect.
 */
import type { ErrorCode, Outcome } from '@quorate/wire';
import type { Waiter } from './batcher.ts';
import { errorAnswer, type Responder } from './responder.ts';

/** It was never proposed, and nobody waits for it any more. */
export function expireWaiter(waiter: Waiter): void {
  tell(waiter, 'TIMEOUT', 'the time-out passed before it was proposed', 'none');
}

/** It was never proposed, and this node cannot do so now. */
export function refuseWaiter(waiter: Waiter): void {
  tell(waiter, 'NO_LEADER', 'this node no longer leads; it was not executed');
}

/** It was proposed; a successor may finish it. */
export function loseWaiter(waiter: Waiter): void {
  const message = 'leadership was lost while it was under way; whether it took effect is not known';
  tell(waiter, 'LEADERSHIP_LOST', message);
}

/** It was proposed, and this node will never see its result. */
export function fenceWaiter(waiter: Waiter): void {
  const message =
    "this node's backend contradicts the log and was fenced while it was under way; whether it took effect is not known";
  tell(waiter, 'BACKEND_DIVERGED', message);
}

/** It was chosen, and the store of this node contradicts the log. */
export function tellUnknown(waiters: readonly Waiter[] | undefined, detail: string): void {
  for (const waiter of waiters ?? []) tell(waiter, 'BACKEND_DIVERGED', detail);
}

/** It was chosen, and the store of this node came back older: it is filled again, and nobody answers then. */
export function rewindWaiters(waiters: readonly Waiter[] | undefined, detail: string): void {
  for (const waiter of waiters ?? []) tell(waiter, 'BACKEND_UNAVAILABLE', detail, 'unknown');
}

export function refuseForward(responder: Responder, sequences: readonly number[]): void {
  const message = 'the node it was passed on to does not lead; it was not executed';
  tell({ responder, sequences, takesEchoes: false }, 'NO_LEADER', message);
}

function tell({ responder, sequences }: Waiter, code: ErrorCode, message: string, outcome?: Outcome): void {
  const options = outcome === undefined ? {} : { outcome };
  for (const sequence of sequences) responder.add(errorAnswer(sequence, code, message, options));
}
