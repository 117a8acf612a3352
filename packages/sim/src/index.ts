/** The simulator as a library: re-exports only. */
export { COVERED, CoverageCounts, type CoverageKind, REQUIRED } from './coverage.ts';
export { drawProfile, type Profile } from './profile.ts';
export { runSeeds, type SeedRange } from './run-seeds.ts';
export { type SimOptions, simulate, type Verdict } from './simulate.ts';
