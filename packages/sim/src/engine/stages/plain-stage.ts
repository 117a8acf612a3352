/** Objects in a backend of the simple level: the framework owns the state, which ends with the process. */
import { type Backend, defineBackend } from '@quorate/core/ports';
import type { Random } from '@quorate/core/protocol';
import type { Result } from '@quorate/wire';
import type { Content } from '../../history/call.ts';
import type { Operation } from '../operation.ts';
import type { Stage } from '../stage.ts';
import {
  drawObjectOperation,
  executeObjectCommand,
  type ObjectCommand,
  type ObjectState,
  objectContentOf,
  parseObjectCommand,
} from './objects.ts';
import type { StageLimits } from './stage-limits.ts';

export class PlainStage implements Stage {
  readonly name = 'plain';
  readonly #limits: StageLimits;

  constructor(limits: StageLimits) {
    this.#limits = limits;
  }

  createBackend(): Backend {
    return defineBackend<{ readonly objects: ObjectState }, ObjectCommand>({
      name: 'plain',
      initial: () => ({ objects: new Map() }),
      parse: ({ words }) => parseObjectCommand(words),
      execute: ({ objects }, command) => executeObjectCommand(objects, command),
    }) as Backend;
  }

  draw(random: Random, number: number): Operation {
    return drawObjectOperation(random, number, this.#limits);
  }

  contentOf(operation: Operation, result: Result): Content | undefined {
    return objectContentOf(operation, result);
  }
}
