/** The production runtime as the simulator drives it: re-exports only. */
export { Engine } from './engine.ts';
export type { EngineOptions } from './engine-options.ts';
export { DEFAULT_RUNTIME_LIMITS, type RuntimeLimits } from './limits.ts';
export { SESSION_TTL_MS } from './session-limits.ts';
export type { NodeStatus } from './status.ts';
