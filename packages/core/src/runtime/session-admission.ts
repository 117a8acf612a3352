/**
 * What the session table says about a command that comes to be applied. The frequent answers exist once: judging a
 * command allocates nothing.
 */
import type { Echo, Result } from '@quorate/wire';

export type Admission =
  /** Hand it to the backend. The n-th such admission of a slot is the command with ordinal n (from 0). */
  | { readonly kind: 'execute' }
  /** The same sequence executes in this very slot, as `ordinal`; the answer is the result of that one. */
  | { readonly kind: 'repeated'; readonly ordinal: number }
  /** Executed in an earlier slot; `result` is its first answer. An echo is one of the command's own bytes. */
  | { readonly kind: 'duplicate'; readonly result: Result | Echo }
  /**
   * Not executed now. SESSION_EXPIRED: there is no such session (any more). SEQUENCE_STALE: acknowledged before, or
   * executed with a result that was too large to keep. SESSION_WINDOW: too far above the acknowledged sequence.
   */
  | { readonly kind: 'refused'; readonly code: 'SESSION_EXPIRED' | 'SEQUENCE_STALE' | 'SESSION_WINDOW' };

export const EXECUTE: Admission = { kind: 'execute' };
export const EXPIRED: Admission = { kind: 'refused', code: 'SESSION_EXPIRED' };
export const STALE: Admission = { kind: 'refused', code: 'SEQUENCE_STALE' };
export const OUT_OF_WINDOW: Admission = { kind: 'refused', code: 'SESSION_WINDOW' };
