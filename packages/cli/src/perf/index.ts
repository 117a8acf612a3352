/** Public surface of `quorate/perf`: what measurements outside this package share with the profiler. Re-exports only. */
export * from './latencies.ts';
export { Ledger } from './ledger.ts';
export { Load, type LoadLimit, type PerfClient } from './load.ts';
export { median } from './report.ts';
