/**
 * The protocol under test, as a value: the real one, or a patched copy that was loaded from elsewhere.
 *
 * Everything the model checker calls goes through it, so that nothing of the real code can slip into the judgement
 * of a mutant. Types come from the real one.
 */
import type * as core from '@quorate/core/protocol';

export type Protocol = typeof core;
