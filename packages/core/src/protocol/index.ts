/** The pure core as tools and tests see it: re-exports only. */
export * from './ballot.ts';
export * from './describe.ts';
export { InvariantError, type InvariantName } from './invariant.ts';
export * from './message.ts';
export { createRandom, Random, type RandomState, streamOf } from './random.ts';
export { createReplica } from './replica.ts';
export * from './replica-types.ts';
export * from './types.ts';
