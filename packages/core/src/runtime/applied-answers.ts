/**
 * What those who wait are told once a slot is applied: the results of their commands, the sessions that were opened,
 * and why a command was not executed.
 */
import { type BatchGroup, ERRORS, type Result, withCommand } from '@quorate/wire';
import type { Slot } from '../protocol/types.ts';
import type { Waiter } from './batcher.ts';
import { errorAnswer } from './responder.ts';
import type { Admission } from './session-table.ts';
import type { Planned } from './slot-plan.ts';

/** `results`: of the commands that were executed, in their order. */
export function answerWaiters(
  planned: Planned,
  waiters: readonly Waiter[],
  results: readonly Result[],
): void {
  const { slot } = planned.batch;
  let ordinal = 0;
  for (const [index, group] of planned.groups.entries()) {
    const waiter = waiters[index];
    if (waiter === undefined) continue;
    if (group.kind !== 'commands') {
      answerSessionGroup(waiter, group.kind, planned.opened[index], slot);
      continue;
    }
    const admissions = planned.admissions[index] ?? [];
    for (const [position, command] of group.commands.entries()) {
      const admission = admissions[position];
      if (admission === undefined) continue;
      const result =
        admission.kind === 'execute' ? results[ordinal++] : resultOf(admission, results, command.bytes);
      if (result !== undefined) waiter.responder.addResult(command.sequence, slot, result);
      else
        waiter.responder.add(
          refusal(command.sequence, admission.kind === 'refused' ? admission.code : 'SEQUENCE_STALE'),
        );
    }
  }
}

/** `session`: what an `open` group opened. */
export function answerSessionGroup(
  waiter: Waiter,
  kind: BatchGroup['kind'],
  session: number | undefined,
  slot: Slot,
): void {
  for (const sequence of waiter.sequences) {
    if (kind === 'close') waiter.responder.addResult(sequence, slot, { ok: true, value: null });
    else if (session !== undefined) waiter.responder.add({ sequence, kind: 'session', session });
    else
      waiter.responder.add(
        errorAnswer(sequence, 'OVERLOADED', 'too many sessions were opened at once; try again'),
      );
  }
}

/** Undefined: it was refused, or what is kept cannot be the answer to this command. */
function resultOf(admission: Admission, results: readonly Result[], command: Uint8Array): Result | undefined {
  if (admission.kind === 'repeated') return results[admission.ordinal];
  return admission.kind === 'duplicate' ? withCommand(admission.result, command) : undefined;
}

const REFUSALS = {
  SESSION_EXPIRED:
    'the session has expired or was closed; whether earlier attempts of this command took effect is not known',
  SEQUENCE_STALE: 'this command was answered and acknowledged before; its result is no longer kept',
  SESSION_WINDOW: 'too many commands of this session are unacknowledged; it was not executed',
} as const;

/** Why a command of the log was not executed. */
export function refusal(sequence: number, code: keyof typeof REFUSALS): ReturnType<typeof errorAnswer> {
  return errorAnswer(sequence, code, REFUSALS[code], { outcome: ERRORS[code].outcome });
}
