/** The deliberately broken backends that prove the conformance kit: re-exports only. */

export { DURABLE_MUTANTS } from './durable.ts';
export type { Mutant } from './mutant.ts';
export { durablePairs } from './pairs-store.ts';
export { VOLATILE_MUTANTS, volatilePairs } from './volatile.ts';
