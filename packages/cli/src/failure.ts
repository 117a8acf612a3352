/**
 * How `quorate` says that something went wrong: `quorate: CODE: message`, further lines only where a place in a
 * file or a list of choices is shown, and never a stack trace unless QUORATE_DEBUG=1 asks for it.
 */
import { maskSecrets } from '@quorate/core/config';
import { QuorateError } from '@quorate/wire';
import { CommandFailure } from './exit-codes.ts';

/** Lines for standard error, with the line end; empty for a failure that has said everything already. */
export function describeFailure(error: unknown, env: NodeJS.ProcessEnv): string {
  if (error instanceof CommandFailure) return error.message === '' ? '' : `quorate: ${error.message}\n`;
  const trace = env['QUORATE_DEBUG'] === '1' && error instanceof Error ? `${error.stack ?? ''}\n` : '';
  return `quorate: ${failureText(error)}\n${trace}`;
}

/** `CODE: message`, with what is known about the command's fate where that matters, and without passwords. */
export function failureText(error: unknown): string {
  return maskSecrets(wordsOf(error));
}

function wordsOf(error: unknown): string {
  if (!(error instanceof QuorateError)) {
    return `INTERNAL: ${error instanceof Error ? error.message : String(error)} (QUORATE_DEBUG=1 shows where)`;
  }
  if (error.name === 'RefusedError') return `REFUSED: ${String(error.details['refusal'])}: ${error.message}`;
  return `${error.code}: ${error.message}${fate(error)}`;
}

const NOT_EXECUTED = ' (not executed)';
const UNKNOWN = ' (outcome unknown: it may have been executed)';

/** The client's own words for a time-out or an abort say it already; what a node says does so now and then. */
function fate(error: QuorateError): string {
  const said = error.outcome === 'none' ? /not executed/ : /not known/;
  if (said.test(error.message)) return '';
  switch (error.code) {
    case 'DISCONNECTED':
    case 'LEADERSHIP_LOST':
    case 'SESSION_EXPIRED':
    case 'OVERLOADED':
    case 'TOO_LARGE':
    case 'NO_LEADER':
      return error.outcome === 'none' ? NOT_EXECUTED : UNKNOWN;
    case 'PARSE':
    case 'SEQUENCE_STALE':
    case 'BACKEND_UNAVAILABLE':
    case 'BACKEND_DIVERGED':
    case 'WIRE_MALFORMED':
      return error.outcome === 'none' ? '' : UNKNOWN;
    default:
      return '';
  }
}
