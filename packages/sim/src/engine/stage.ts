/**
 * What is replicated in a run: the backend on every node, the store behind it, and the commands that clients send.
 */
import type { Backend } from '@quorate/core/ports';
import type { NodeId, Random } from '@quorate/core/protocol';
import type { Result } from '@quorate/wire';
import type { Content } from '../history/call.ts';
import type { Operation } from './operation.ts';

/** Trouble that a store can be given from outside, beside what every backend's calls are given. */
export type StoreTrouble = 'emptied' | 'older-image' | 'foreign-write';

export interface Stage {
  readonly name: string;
  /** `backendOptions` as the configuration would have them. */
  readonly options?: unknown;
  /** A backend of a new life of `node`, over the store of that node; not opened. */
  createBackend(node: NodeId): Backend | Promise<Backend>;
  /** The process of `node` is dead: nothing of its backend may reach the store any more. */
  abandon?(node: NodeId, backend: Backend): void | Promise<void>;
  /** Does it to the store of a node whose process is dead. */
  strike?(node: NodeId, trouble: StoreTrouble, random: Random): void;
  /** The next operation; `number` is unique within the run. Undefined while there is none to be had. */
  draw(random: Random, number: number): Operation | undefined;
  /** What the result says about the object, for operations with an action. */
  contentOf(operation: Operation, result: Result): Content | undefined;
}
