/** An action of a history as a call of the client library, and its answer as the content that a history keeps. */
import type { QuorateClient } from '@quorate/client';
import type { Action, Content } from '@quorate/sim';
import { QuorateError } from '@quorate/wire';

/** @throws QuorateError with the outcome that goes into the history */
export async function perform(
  client: QuorateClient,
  key: string,
  action: Action,
  timeoutMs: number,
): Promise<Content> {
  switch (action.kind) {
    case 'set':
      return client.set(key, action.value, { timeoutMs });
    case 'get':
      return client.get(key, { timeoutMs });
    case 'del':
      return client.del(key, { timeoutMs });
    case 'inc':
      return Number(await write(client, ['INC', key], timeoutMs));
    case 'append':
      return Number(await write(client, ['APPEND', key, action.element], timeoutMs));
    case 'total':
      return Number(await read(client, ['TOTAL', key], timeoutMs));
    case 'list': {
      const words = await read(client, ['LIST', key], timeoutMs);
      return words === '' ? [] : words.split(' ');
    }
    case 'swap':
      throw new QuorateError('ARGUMENT', 'neither backend can swap');
    default:
      return action satisfies never;
  }
}

async function write(client: QuorateClient, words: readonly string[], timeoutMs: number): Promise<string> {
  return textOf(await client.exec(words, { timeoutMs }));
}

async function read(client: QuorateClient, words: readonly string[], timeoutMs: number): Promise<string> {
  return textOf(await client.exec(words, { timeoutMs, consistency: 'linearizable' }));
}

function textOf(result: Awaited<ReturnType<QuorateClient['exec']>>): string {
  if (!result.ok) throw new QuorateError('ARGUMENT', `refused: ${result.code} ${result.message}`);
  return result.text() ?? '';
}
