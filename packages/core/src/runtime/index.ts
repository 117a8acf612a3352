/** The production runtime as the simulator drives it: re-exports only. */
export { Engine, type EngineOptions } from './engine.ts';
export { DEFAULT_RUNTIME_LIMITS, type RuntimeLimits } from './limits.ts';
export { SESSION_TTL_MS } from './session-limits.ts';
export type { NodeStatus } from './status.ts';
