/**
 * What an SQLSTATE means for a replica. Every replica must come to the same judgement about a command, so a state is
 * a refusal only if it follows from the command and the data; what depends on the machine is trouble of the store.
 *
 * Classes are the first two characters (PostgreSQL manual, appendix A).
 */

/**
 * 'refused': the same on every replica, the command's result. 'unavailable': this store cannot do it now; the same
 * batch again, later. 'diverged': this store's data is damaged or impossible.
 */
export type Judgement = 'refused' | 'unavailable' | 'diverged';

const REFUSED_CLASSES = new Set([
  '09', // triggered action exception
  '0A', // feature not supported
  '0Z', // diagnostics exception
  '20', // case not found
  '21', // cardinality violation
  '22', // data exception
  '23', // constraint violation
  '24', // invalid cursor state
  '27', // triggered data change
  '2B', // dependent objects still exist
  '2D', // invalid transaction termination
  '2F', // SQL routine exception
  '34', // invalid cursor name
  '38', // external routine exception
  '39', // external routine invocation exception
  '3F', // invalid schema name
  '42', // syntax error or access rule violation
  '44', // with check option
  '54', // program limit exceeded; the limits are part of `compatibility`
  'P0', // raised by a function
]);

/** Single states that are judged otherwise than their class. */
const SINGLES = new Map<string, Judgement>([
  ['55000', 'refused'], // not in prerequisite state: currval before nextval, a view not populated
  ['55006', 'refused'], // object in use: by the same command, as other sessions do not use user objects
  ['55P04', 'refused'], // an enum value that the same batch added
  ['25001', 'refused'], // not allowed within a transaction block
]);

/** The function of the server that carries out RAISE. */
const RAISE = 'exec_stmt_raise';
/** A value that grew over 1 GiB is still far below this; the length of a damaged one is anything up to 2^64. */
const MAX_HONEST_BYTES = 2 ** 34;

/**
 * `state` is undefined when the connection broke before the server could say anything; `routine` is the function of the
 * server that failed.
 */
export function judge(state: string | undefined, message = '', routine = ''): Judgement {
  if (state === undefined) return 'unavailable';
  // A function may raise any state it likes, one of trouble as well: it is the same on every replica all the same.
  if (routine === RAISE) return 'refused';
  // A value of more than 1 GiB: PostgreSQL calls it an internal error, and it is the same on every server.
  const [, bytes] = /^invalid memory alloc request size (\d+)$/.exec(message) ?? [];
  if (state === 'XX000' && Number(bytes) < MAX_HONEST_BYTES) return 'refused';
  const single = SINGLES.get(state);
  if (single !== undefined) return single;
  const stateClass = state.slice(0, 2);
  if (REFUSED_CLASSES.has(stateClass)) return 'refused';
  // Internal errors: corrupted data or index, or a fault of the server itself.
  return stateClass === 'XX' ? 'diverged' : 'unavailable';
}

const ADVICE = new Map<string, string>([
  ['28', 'check user and password of `url`'],
  ['3D', 'create the database, or run `quorate postgres init`'],
  ['53100', 'free disk space on the database server'],
  ['53200', 'give the database server more memory'],
  ['53300', 'raise max_connections of the server: a node needs up to five connections'],
  ['53400', 'raise the limit of the server that the message names'],
  ['55P03', 'another session holds a lock on a replicated table; end it'],
  ['57P03', 'the server is starting or stopping'],
  ['25006', 'the server only reads: it is a standby, or default_transaction_read_only is on'],
]);

/** What to do about trouble, or an empty text. */
export function adviceFor(state: string | undefined): string {
  if (state === undefined) return '';
  return ADVICE.get(state) ?? ADVICE.get(state.slice(0, 2)) ?? '';
}
