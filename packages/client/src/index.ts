/** Public surface of @quorate/client: re-exports only. */

export { type ErrorCode, type Outcome, QuorateError, type ReadConsistency } from '@quorate/wire';
export { type ClientCommand, createClient, QuorateClient } from './client.ts';
export type { ClientClock, Timer } from './clock.ts';
export type { CommandPart } from './command-slab.ts';
export { type EndpointsInput, parseEndpoints } from './endpoints.ts';
export type { ClientEventName, ClientEvents, ClientListener } from './events.ts';
export type { Leader } from './leader-search.ts';
export type { CallOptions, ClientOptions, ExecOptions, ReadOptions } from './options.ts';
export { type ExecDone, type ExecRefused, type ExecResult, RefusedError } from './results.ts';
