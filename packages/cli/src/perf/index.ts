/** Public surface of `quorate/perf`: what measurements outside this package share with the profiler. Re-exports only. */
export * from './latencies.ts';
export { median } from './report.ts';
