/** Command lines of the tools, here and in the packages that run real processes: re-exports only. */
export * from './files.ts';
export * from './tool.ts';
