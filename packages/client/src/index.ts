/** Public surface of @quorate/client: re-exports only. */
export { createClient, QuorateClient, type ClientCommand } from './client.ts';
export type { ClientClock, TimerHandle } from './clock.ts';
export type { CommandPart } from './command-slab.ts';
export { parseEndpoints, type EndpointsInput } from './endpoints.ts';
export type { ClientEventName, ClientEvents, ClientListener } from './events.ts';
export type { Leader } from './leader-search.ts';
export type { CallOptions, ClientOptions, ExecOptions, ReadOptions } from './options.ts';
export { RefusedError, type ExecDone, type ExecRefused, type ExecResult } from './results.ts';
export { QuorateError, type ErrorCode, type Outcome, type ReadConsistency } from '@quorate/wire';
