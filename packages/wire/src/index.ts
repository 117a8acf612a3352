/** Public surface of @quorate/wire: re-exports only. */
export * from './batch.ts';
export * from './bytes.ts';
export * from './client-frames.ts';
export * from './command.ts';
export * from './errors.ts';
export * from './result.ts';
