/** Public surface of @quorate/core: start a node, read settings, the contracts. Re-exports only. */
export { createSegmentJournal } from './adapters/segment-journal/on-files.ts';
export { createSqliteJournal } from './adapters/sqlite-journal/index.ts';
export * from './config/index.ts';
export * from './ports/index.ts';
export { DEFAULT_RUNTIME_LIMITS, type RuntimeLimits } from './runtime/limits.ts';
export type { NodeStatus } from './runtime/status.ts';
export { openJournalDump } from './server/journals.ts';
export type { RunningServer, ServerOptions, ServerStatus } from './server/running-node.ts';
export { startServer } from './server/start-server.ts';
