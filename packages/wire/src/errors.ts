/**
 * One error class and one closed table of codes, shared by client, server and tools.
 *
 * A code says three things besides its name: whether trying again can help, whether the command could have
 * taken effect (`outcome`), and in which family it belongs. `docs/errors.md` explains each; a test keeps the
 * two equal. Numbers are what travels on the wire; they are never reused.
 */

/** 'none': certainly did not and will not take effect. 'unknown': may or may not have, ask again. */
export type Outcome = 'none' | 'unknown';

/** One line of the table. `number` is what travels on the wire. */
export type ErrorRow = {
  readonly number: number;
  readonly family: 'usage' | 'weather' | 'wire' | 'fatal';
  readonly retryable: boolean;
  readonly outcome: Outcome;
};

const row = (number: number, family: ErrorRow['family'], retryable: boolean, outcome: Outcome): ErrorRow => ({
  number,
  family,
  retryable,
  outcome,
});

/** Every code, for ever: a code may become unused, its name and number are not given to another. */
export type ErrorCode =
  | 'ARGUMENT'
  | 'CONFIG_INVALID'
  | 'CLOSED'
  | 'PARSE'
  | 'FORBIDDEN'
  | 'REFUSED'
  | 'NOT_LEADER'
  | 'NO_LEADER'
  | 'OVERLOADED'
  | 'TOO_LARGE'
  | 'TIMEOUT'
  | 'LEADERSHIP_LOST'
  | 'DISCONNECTED'
  | 'SESSION_EXPIRED'
  | 'SESSION_WINDOW'
  | 'CANNOT_CONNECT'
  | 'BACKEND_UNAVAILABLE'
  | 'STOPPING'
  | 'ABORTED'
  | 'SEQUENCE_STALE'
  | 'REDIRECTED_TOO_OFTEN'
  | 'WIRE_MALFORMED'
  | 'WIRE_VERSION'
  | 'WIRE_WRONG_CLUSTER'
  | 'WIRE_WRONG_NODE'
  | 'WIRE_STALE_INCARNATION'
  | 'WIRE_CHECKSUM'
  | 'WIRE_TOO_LARGE'
  | 'WIRE_WRONG_BACKEND'
  | 'JOURNAL_IO'
  | 'JOURNAL_CORRUPT'
  | 'JOURNAL_LOCKED'
  | 'JOURNAL_FOREIGN'
  | 'STORAGE_REPLACED'
  | 'ADDRESS_IN_USE'
  | 'BACKEND_MARK_MISMATCH'
  | 'BACKEND_DIVERGED'
  | 'INVARIANT';

export const ERRORS: Readonly<Record<ErrorCode, ErrorRow>> = {
  // Wrong use: thrown at once, nothing was sent.
  ARGUMENT: row(1, 'usage', false, 'none'),
  CONFIG_INVALID: row(2, 'usage', false, 'none'),
  CLOSED: row(3, 'usage', false, 'none'),
  PARSE: row(4, 'usage', false, 'none'),
  FORBIDDEN: row(5, 'usage', false, 'none'),
  REFUSED: row(6, 'usage', false, 'none'),
  // Weather: the system is in a state in which the command cannot be done now, or its fate is not known.
  NOT_LEADER: row(20, 'weather', true, 'none'),
  NO_LEADER: row(21, 'weather', true, 'none'),
  OVERLOADED: row(22, 'weather', true, 'none'),
  TOO_LARGE: row(23, 'weather', false, 'none'),
  TIMEOUT: row(24, 'weather', true, 'unknown'),
  LEADERSHIP_LOST: row(25, 'weather', true, 'unknown'),
  DISCONNECTED: row(26, 'weather', true, 'unknown'),
  SESSION_EXPIRED: row(27, 'weather', false, 'unknown'),
  SESSION_WINDOW: row(28, 'weather', true, 'none'),
  CANNOT_CONNECT: row(29, 'weather', true, 'none'),
  BACKEND_UNAVAILABLE: row(30, 'weather', true, 'none'),
  STOPPING: row(31, 'weather', true, 'none'),
  ABORTED: row(32, 'weather', true, 'unknown'),
  SEQUENCE_STALE: row(33, 'weather', false, 'unknown'),
  REDIRECTED_TOO_OFTEN: row(34, 'weather', true, 'none'),
  // Wire: the connection is closed with a reason, the node lives on.
  WIRE_MALFORMED: row(40, 'wire', false, 'none'),
  WIRE_VERSION: row(41, 'wire', false, 'none'),
  WIRE_WRONG_CLUSTER: row(42, 'wire', false, 'none'),
  WIRE_WRONG_NODE: row(43, 'wire', false, 'none'),
  WIRE_STALE_INCARNATION: row(44, 'wire', false, 'none'),
  WIRE_CHECKSUM: row(45, 'wire', false, 'none'),
  WIRE_TOO_LARGE: row(46, 'wire', false, 'none'),
  WIRE_WRONG_BACKEND: row(47, 'wire', false, 'none'),
  // Fatal: the node stops and says why.
  JOURNAL_IO: row(60, 'fatal', false, 'unknown'),
  JOURNAL_CORRUPT: row(61, 'fatal', false, 'unknown'),
  JOURNAL_LOCKED: row(62, 'fatal', false, 'none'),
  JOURNAL_FOREIGN: row(63, 'fatal', false, 'none'),
  STORAGE_REPLACED: row(64, 'fatal', false, 'none'),
  ADDRESS_IN_USE: row(65, 'fatal', false, 'none'),
  BACKEND_MARK_MISMATCH: row(66, 'fatal', false, 'unknown'),
  BACKEND_DIVERGED: row(67, 'fatal', false, 'unknown'),
  INVARIANT: row(68, 'fatal', false, 'unknown'),
};

export type ErrorDetails = Readonly<Record<string, string | number>>;

export type QuorateErrorOptions = {
  /** Overrides the table, for instance for a time-out before anything was sent: outcome 'none'. */
  readonly outcome?: Outcome;
  readonly details?: ErrorDetails;
  readonly cause?: unknown;
};

export class QuorateError extends Error {
  readonly code: ErrorCode;
  /** Trying the same again can help. With outcome 'unknown' only under the same session and sequence. */
  readonly retryable: boolean;
  readonly outcome: Outcome;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, message: string, options: QuorateErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'QuorateError';
    this.code = code;
    this.retryable = ERRORS[code].retryable;
    this.outcome = options.outcome ?? ERRORS[code].outcome;
    this.details = options.details ?? {};
  }
}

const CODE_BY_NUMBER: ReadonlyMap<number, ErrorCode> = new Map(
  (Object.keys(ERRORS) as ErrorCode[]).map((code) => [ERRORS[code].number, code]),
);

/** The code of a wire number; undefined when a newer peer sent one that we do not know. */
export function errorCodeOf(number: number): ErrorCode | undefined {
  return CODE_BY_NUMBER.get(number);
}
