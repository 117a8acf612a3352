/** Public surface of `quorate/spawn`: throw-away clusters of processes for tests and measurements. Re-exports only. */
export { freePorts } from '@quorate/core/testing';
export { giveHeapRoom } from '../heap.ts';
export * from './cluster.ts';
export * from './node-process.ts';
export * from './node-status.ts';
export { poll } from './wait.ts';
