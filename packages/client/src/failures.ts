/**
 * Words for the ends that are not results: time-out, abort, no connection, and what a node refused. Each error
 * says whether the command may have taken effect, and the latest reason that is known.
 */
import { type Answer, type ErrorDetails, type Outcome, QuorateError } from '@quorate/wire';
import type { PendingCommand } from './pending.ts';
import { outlivesTimeout } from './verdict.ts';

export type ErrorAnswer = Extract<Answer, { kind: 'error' }>;

/**
 * The same on every node and at every time: an earlier attempt met the same refusal. Not so what a node cannot read or finds
 * too large: another one may be of another version, know another schema or have another limit, and may have executed it.
 */
const DEFINITE: ReadonlySet<string> = new Set(['ARGUMENT']);

/** A node's refusal that no retry can change. */
export function refusedBy(answer: ErrorAnswer, command: PendingCommand): QuorateError {
  const mayHaveRun = command.maybeExecuted && !DEFINITE.has(answer.code);
  const outcome: Outcome =
    command.shape.isRead || (answer.outcome === 'none' && !mayHaveRun) ? 'none' : 'unknown';
  return new QuorateError(answer.code, answer.message, { outcome, details: answer.details });
}

export function redirectedTooOften(command: PendingCommand, redirects: number): QuorateError {
  return new QuorateError(
    'REDIRECTED_TOO_OFTEN',
    `${redirects} nodes in a row named another leader; ${fate(command)}`,
    {
      outcome: command.outcome,
    },
  );
}

export function tooLarge(command: PendingCommand, maxCommandBytes: number): QuorateError {
  return new QuorateError(
    'TOO_LARGE',
    `the command takes ${command.commandBytes} bytes, the node's limit is ${maxCommandBytes}`,
    {
      outcome: command.outcome,
      details: { bytes: command.commandBytes, maxCommandBytes },
    },
  );
}

export function wrongEcho(command: PendingCommand): QuorateError {
  return new QuorateError(
    'WIRE_MALFORMED',
    'the node answered with a part of the command that the command does not have',
    { outcome: command.outcome },
  );
}

export function cannotConnect(failures: string): QuorateError {
  return new QuorateError('CANNOT_CONNECT', `no endpoint can be reached: ${failures}`, { outcome: 'none' });
}

/** The call's time is up. `obstacle`: what kept it from being sent, if it never was; may be empty. If something more telling than that happened for certain, its code is kept. */
export function timedOut(
  command: PendingCommand,
  maxRedirects: number,
  isLedAround: boolean,
  obstacle: string,
): QuorateError {
  const { outcome, lastRefusal } = command;
  const elapsedMs = Math.round(command.deadlineMs - command.issuedAtMs);
  if (outcome === 'none' && lastRefusal !== undefined && outlivesTimeout(lastRefusal.code)) {
    return new QuorateError(lastRefusal.code, `${lastRefusal.message} (tried again for ${elapsedMs} ms)`, {
      outcome,
    });
  }
  if (isLedAround && command.attempts === 0) return redirectedTooOften(command, maxRedirects);
  return new QuorateError(
    'TIMEOUT',
    `no result within ${elapsedMs} ms; ${fate(command)}${because(command, obstacle)}`,
    {
      outcome,
      details: lastError(command),
    },
  );
}

export function aborted(command: PendingCommand, cause: unknown): QuorateError {
  return new QuorateError('ABORTED', `the call was aborted; ${fate(command)}`, {
    outcome: command.outcome,
    cause,
  });
}

export function closed(command: PendingCommand): QuorateError {
  return new QuorateError('CLOSED', `the client was closed; ${fate(command)}`, { outcome: command.outcome });
}

function fate(command: PendingCommand): string {
  if (command.shape.isRead) return 'the read has no answer';
  return command.outcome === 'none'
    ? 'the command was not executed'
    : 'whether the command took effect is not known';
}

function because({ lastRefusal, attempts }: PendingCommand, obstacle: string): string {
  const reasons: string[] = [];
  if (lastRefusal !== undefined) reasons.push(`${lastRefusal.code}: ${lastRefusal.message}`);
  else if (attempts === 0) reasons.push('it was never sent');
  if (obstacle !== '') reasons.push(obstacle);
  return reasons.length === 0 ? '' : ` (${reasons.join('; ')})`;
}

function lastError({ lastRefusal }: PendingCommand): ErrorDetails {
  return lastRefusal === undefined ? {} : { lastError: lastRefusal.code };
}
