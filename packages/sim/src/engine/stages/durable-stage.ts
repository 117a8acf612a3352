/** Objects in a durable backend: one store per node, which outlives processes and can be damaged between two lives. */
import type { Backend } from '@quorate/core/ports';
import type { NodeId, Random } from '@quorate/core/protocol';
import type { Result } from '@quorate/wire';
import type { Content } from '../../history/call.ts';
import type { Operation } from '../operation.ts';
import type { Stage, StoreTrouble } from '../stage.ts';
import { DurableBackend } from './durable-backend.ts';
import { DurableStore } from './durable-store.ts';
import { drawObjectOperation, objectContentOf } from './objects.ts';
import type { StageLimits } from './stage-limits.ts';

export class DurableStage implements Stage {
  readonly name = 'durable';
  readonly #limits: StageLimits;
  readonly #prepares: boolean;
  readonly #stores: Map<NodeId, DurableStore> = new Map();

  constructor(limits: StageLimits, prepares: boolean) {
    this.#limits = limits;
    this.#prepares = prepares;
  }

  createBackend(node: NodeId): Backend {
    return new DurableBackend(this.#storeOf(node), this.#prepares) as Backend;
  }

  abandon(_node: NodeId, backend: Backend): void {
    if (backend instanceof DurableBackend) backend.kill();
  }

  strike(node: NodeId, trouble: StoreTrouble, random: Random): void {
    this.#storeOf(node).strike(trouble, random);
  }

  draw(random: Random, number: number): Operation {
    return drawObjectOperation(random, number, this.#limits);
  }

  contentOf(operation: Operation, result: Result): Content | undefined {
    return objectContentOf(operation, result);
  }

  #storeOf(node: NodeId): DurableStore {
    let store = this.#stores.get(node);
    if (store === undefined) {
      store = new DurableStore();
      this.#stores.set(node, store);
    }
    return store;
  }
}
