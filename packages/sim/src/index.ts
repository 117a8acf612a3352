/** The simulator as a library: re-exports only. */
export { COVERED, CoverageCounts, type CoverageKind, RARE, requiredOf } from './coverage.ts';
export {
  type BackendFailure,
  type BackendPlace,
  type BackendReport,
  type SimulateBackendOptions,
  type SimulatedBackend,
  simulateBackend,
} from './engine/simulate-backend.ts';
export { type EngineSimOptions, type EngineVerdict, simulateEngine } from './engine/simulate-engine.ts';
export * from './history/call.ts';
export * from './history/history-file.ts';
export * from './linearizability/check.ts';
export { picture } from './linearizability/picture.ts';
export { shrink } from './linearizability/shrink.ts';
export { timeline } from './linearizability/timeline.ts';
export { drawProfile, type Profile } from './profile.ts';
export { runSeeds, type SeedRange } from './run-seeds.ts';
export { type SimOptions, simulate, type Verdict } from './simulate.ts';
export * from './world/disk/index.ts';
