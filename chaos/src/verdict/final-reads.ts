/**
 * When everything is healed: reads every key once more, linearizably, as part of the history, and what each single
 * replica holds of it. A write that was acknowledged and is gone is a violation of the history; two replicas that
 * differ are one of the cluster even if no client has noticed.
 */
import { createClient, type QuorateClient } from '@quorate/client';
import { type Action, type Call, type Content, isRead } from '@quorate/sim';
import { QuorateError } from '@quorate/wire';
import { nowUs } from '../clock.ts';
import { perform } from '../load/perform.ts';

const READS_IN_FLIGHT = 64;
const READ_TIMEOUT_MS = 10_000;
const MAX_DIFFERENCES = 5;

export type FinalReads = {
  readonly calls: readonly Omit<Call, 'id'>[];
  /** Keys of which two replicas hold different contents, in words; at most MAX_DIFFERENCES. */
  readonly differences: readonly string[];
};

/** @throws QuorateError when the healed cluster does not answer a read */
export async function readEverything(
  addrs: readonly string[],
  history: readonly Call[],
  client: number,
): Promise<FinalReads> {
  const reads = finalReadsOf(history);
  const calls: Omit<Call, 'id'>[] = [];
  await withClient(addrs, true, (connection) =>
    forEachOf(reads, async ({ key, action }) => {
      const beganUs = nowUs();
      const answer = await perform(connection, key, action, READ_TIMEOUT_MS);
      calls.push({ client, key, action, beganUs, end: { kind: 'done', atUs: nowUs(), answer } });
    }),
  );
  return { calls, differences: await compareReplicas(addrs, reads) };
}

type Read = { readonly key: string; readonly action: Action };

/** One per key, of the kind that belongs to it. */
function finalReadsOf(history: readonly Call[]): Read[] {
  const reads = new Map<string, Action>();
  for (const { key, action } of history) if (!reads.has(key)) reads.set(key, readFor(action));
  return [...reads].map(([key, action]) => ({ key, action }));
}

function readFor(action: Action): Action {
  if (isRead(action)) return action;
  switch (action.kind) {
    case 'inc':
      return { kind: 'total' };
    case 'append':
      return { kind: 'list' };
    default:
      return { kind: 'get' };
  }
}

/** All nodes have applied the same slot by now, so what they say without asking each other must be equal. */
async function compareReplicas(addrs: readonly string[], reads: readonly Read[]): Promise<string[]> {
  const contents = new Map<string, string[]>();
  for (const addr of addrs) {
    await withClient([addr], false, (connection) =>
      forEachOf(reads, async ({ key, action }) => {
        const words = [...(contents.get(key) ?? []), await readLocally(connection, key, action)];
        contents.set(key, words);
      }),
    );
  }
  const different = [...contents].filter(([, words]) => new Set(words).size > 1);
  return different
    .slice(0, MAX_DIFFERENCES)
    .map(([key, words]) => `replicas differ in ${key}: ${words.join(' | ')}`);
}

const VERBS: Readonly<Record<string, string>> = { get: 'GET', total: 'TOTAL', list: 'LIST' };

async function readLocally(connection: QuorateClient, key: string, action: Action): Promise<string> {
  const words = [VERBS[action.kind] ?? '', key];
  const result = await connection.exec(words, { consistency: 'stale', timeoutMs: READ_TIMEOUT_MS });
  if (!result.ok) throw new QuorateError('ARGUMENT', `refused: ${result.code}`);
  const content: Content = result.text();
  return JSON.stringify(content);
}

async function withClient(
  endpoints: readonly string[],
  followLeader: boolean,
  work: (client: QuorateClient) => Promise<void>,
): Promise<void> {
  const client = createClient({
    endpoints,
    followLeader,
    clientName: 'chaos-final',
    timeoutMs: READ_TIMEOUT_MS,
  });
  try {
    await work(client);
  } finally {
    await client.close();
  }
}

async function forEachOf<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let item = items[next++]; item !== undefined; item = items[next++]) await work(item);
  };
  await Promise.all(Array.from({ length: READS_IN_FLIGHT }, lane));
}
