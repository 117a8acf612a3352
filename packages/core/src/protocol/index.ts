/** The pure core as tools and tests see it: re-exports only. */
export * from './ballot.ts';
export { cloneState } from './clone-state.ts';
export * from './describe.ts';
export { InvariantError, type InvariantName } from './invariant.ts';
export * from './message.ts';
export { createRandom, Random, type RandomState, streamOf } from './random.ts';
export { createReplica, resumeReplica } from './replica.ts';
export * from './replica-types.ts';
export {
  type AckState,
  type Campaign,
  createState,
  type Following,
  type Leadership,
  type PeerProgress,
  type PromiseProgress,
  type ReplicaState,
  type SlotRecord,
} from './state.ts';
export * from './types.ts';
