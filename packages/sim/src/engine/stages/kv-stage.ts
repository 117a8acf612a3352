/** The key-value backend of the product under a workload of sets, gets and deletes on few keys. */
import { createBackend } from '@quorate/backend-kv';
import type { Backend } from '@quorate/core/ports';
import type { Random } from '@quorate/core/protocol';
import { argumentsCommand } from '@quorate/core/testing';
import { decodeUtf8, type Result } from '@quorate/wire';
import type { Action, Content } from '../../history/call.ts';
import type { Operation } from '../operation.ts';
import type { Stage } from '../stage.ts';
import type { StageLimits } from './stage-limits.ts';

export class KvStage implements Stage {
  readonly name = 'kv';
  readonly #limits: StageLimits;

  constructor(limits: StageLimits) {
    this.#limits = limits;
  }

  createBackend(): Backend {
    return createBackend() as Backend;
  }

  draw(random: Random, number: number): Operation {
    const { keys, readShare, tooLargeChance, maxCommandBytes } = this.#limits;
    const key = `k${random.below(keys)}`;
    if (random.chance(tooLargeChance)) return this.#set(key, 'x'.repeat(maxCommandBytes + 1), true);
    if (random.chance(readShare)) return operation(['GET', key], 'read', key, { kind: 'get' });
    if (random.chance(0.2)) return operation(['DEL', key], 'write', key, { kind: 'del' });
    return this.#set(key, `v${number}${'.'.repeat(random.below(this.#limits.maxFillBytes + 1))}`, false);
  }

  contentOf({ action }: Operation, result: Result): Content | undefined {
    if (!result.ok) return undefined;
    if (action?.kind === 'set' && result.value === null) return undefined;
    return result.value === null ? null : decodeUtf8(result.value);
  }

  #set(key: string, value: string, isTooLarge: boolean): Operation {
    return { ...operation(['SET', key, value], 'write', key, { kind: 'set', value }), isTooLarge };
  }
}

function operation(
  words: readonly string[],
  access: Operation['access'],
  key: string,
  action: Action,
): Operation {
  return { input: argumentsCommand(...words), access, key, action, isTooLarge: false };
}
