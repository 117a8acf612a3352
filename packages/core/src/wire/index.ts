/** Bytes between peers, as the runtime, tests and tools see them: re-exports only. */
export * from './frame.ts';
