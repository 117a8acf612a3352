/**
 * The long run of the peer frame fuzzer: `npm run fuzz -- [executions] [seed]`, 2 million executions by default.
 * Prints its seed first, so that a failure can be run again.
 */
import { fuzzFrames } from './fuzz.ts';

const executions = Number(process.argv[2] ?? 2_000_000);
const seed = Number(process.argv[3] ?? Date.now() % 1_000_000_000);

process.stdout.write(`peer frames: ${executions} executions, seed ${seed}\n`);
const startedAt = performance.now();
const report = fuzzFrames(seed, executions, Number.POSITIVE_INFINITY);
const seconds = (performance.now() - startedAt) / 1000;
process.stdout.write(
  `${JSON.stringify(report)}\n${report.executions} executions in ${seconds.toFixed(1)} s, no failure\n`,
);
