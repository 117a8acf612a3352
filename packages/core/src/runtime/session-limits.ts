/**
 * The numbers of the session table that every node must agree on.
 *
 * They decide which commands execute, so two nodes with different numbers would diverge. They are constants of
 * format version 1 and not settings; changing one means a new format version.
 */

/** Version of the table's rules and of its records. */
export const SESSION_FORMAT_VERSION = 1;

/** A session that no slot has mentioned for longer than this, in log time, is expired. */
export const SESSION_TTL_MS: number = 60 * 60 * 1000;

/** Live sessions; one more opening makes the session that was idle longest expire. */
export const MAX_SESSIONS = 65_536;

/** `open` groups that one slot can serve; also the factor between slots and session ids. */
export const MAX_OPENS_PER_SLOT = 4096;

/** A sequence may be at most this far above the highest acknowledged one; also the results one session can hold. */
export const SESSION_WINDOW_SEQUENCES = 4096;

/**
 * Bytes of unacknowledged results that one session keeps. A result over the bound is not kept: the table then only
 * remembers that its command was executed, so a retry learns SEQUENCE_STALE instead of its first answer.
 */
export const MAX_SESSION_RESULT_BYTES: number = 64 * 1024 * 1024;

/** Bytes of unacknowledged results of all sessions. Above it the sessions that were idle longest expire. */
export const MAX_TABLE_RESULT_BYTES: number = 256 * 1024 * 1024;

/** What one kept result costs besides its value, so that many empty results are bounded too. */
export const RESULT_OVERHEAD_BYTES = 64;

/** Expired sessions that one slot removes; the rest wait for the next slot and are refused meanwhile. */
export const MAX_EXPIRIES_PER_SLOT = 1024;
