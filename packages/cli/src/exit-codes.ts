/**
 * The exit codes of `quorate`, the same for every command, and which error gives which.
 *
 * Leaves to others: the words (`failure.ts`).
 */
import { type ErrorCode, QuorateError } from '@quorate/wire';

export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  cannotConnect: 3,
  notFound: 4,
  unhealthy: 5,
  timedOut: 124,
  /** 128 + the number of the signal, as shells have it. */
  interrupted: 130,
} as const;

/** Ends a command with a status; `message` is shown unless it is empty. */
export class CommandFailure extends Error {
  readonly exitCode: number;

  constructor(exitCode: number, message: string) {
    super(message);
    this.name = 'CommandFailure';
    this.exitCode = exitCode;
  }
}

export function exitCodeOf(error: unknown): number {
  if (error instanceof CommandFailure) return error.exitCode;
  return error instanceof QuorateError ? exitCodeOfErrorCode(error) : EXIT.failed;
}

function exitCodeOfErrorCode(error: QuorateError): number {
  const byCode: Partial<Record<ErrorCode, number>> = {
    ARGUMENT: EXIT.usage,
    PARSE: EXIT.usage,
    CANNOT_CONNECT: EXIT.cannotConnect,
    DISCONNECTED: EXIT.cannotConnect,
    NO_LEADER: EXIT.unhealthy,
    TIMEOUT: EXIT.timedOut,
    ABORTED: EXIT.interrupted,
  };
  // A refusal by the backend is an error of the client's family, yet the command was right and was executed.
  return error.name === 'RefusedError' ? EXIT.failed : (byCode[error.code] ?? EXIT.failed);
}
