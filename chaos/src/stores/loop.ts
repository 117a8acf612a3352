/**
 * Three nodes, a store's server for each, load, and `kill -9` of servers, of nodes and of both, again and again. The next
 * one is hurt when the last one has caught up, so that a majority is always there and the load goes on.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { createClient, type QuorateClient } from '@quorate/client';
import type { Random } from '@quorate/core/protocol';
import { ProcessCluster } from 'quorate/spawn';
import { Counting } from './counting.ts';
import type { StoreKind, StoreServer } from './store-kind.ts';

const NODES = 3;
const CLIENTS = 4;
const WORKERS = 32;
const CALL_TIMEOUT_MS = 30_000;
/** What is dead stays dead for up to so long. */
const MAX_DOWN_MS = 1500;
const PAUSE_MS = 300;

export type LoopPlan = {
  readonly seconds: number;
  readonly random: Random;
  readonly progress: (line: string) => void;
  /** Where data and logs lie; the system's temporary folder by default. */
  readonly parentDirectory?: string;
};

export type LoopReport = {
  readonly seconds: number;
  readonly kills: Readonly<Record<Victim, number>>;
  readonly acknowledged: number;
  readonly unknown: number;
  readonly counters: number;
  /** By node. */
  readonly digests: readonly string[];
  /** Empty: all is as it must be. */
  readonly violations: readonly string[];
};

const VICTIMS = ['server', 'node', 'both'] as const;
type Victim = (typeof VICTIMS)[number];

export async function runStoreLoop(kind: StoreKind, plan: LoopPlan): Promise<LoopReport> {
  const servers = await startServers(kind);
  let cluster: ProcessCluster | undefined;
  const clients: QuorateClient[] = [];
  try {
    cluster = await ProcessCluster.start({
      nodes: NODES,
      settings: { backend: kind.name, backendOptions: { url: servers.map(({ url }) => url) } },
      ...(plan.parentDirectory === undefined ? {} : { parentDirectory: plan.parentDirectory }),
    });
    for (let count = 0; count < CLIENTS; count++)
      clients.push(
        createClient({
          endpoints: cluster.addrs,
          timeoutMs: CALL_TIMEOUT_MS,
          connectTimeoutMs: CALL_TIMEOUT_MS,
        }),
      );
    return await hurtWhileCounting(kind, plan, servers, cluster, clients);
  } finally {
    await Promise.allSettled(clients.map((client) => client.close()));
    await cluster?.stop();
    await Promise.all(servers.map((server) => server.stop()));
  }
}

async function startServers(kind: StoreKind): Promise<StoreServer[]> {
  const servers: StoreServer[] = [];
  try {
    for (let node = 1; node <= NODES; node++) servers.push(await kind.startServer());
    return servers;
  } catch (error) {
    await Promise.all(servers.map((server) => server.stop()));
    throw error;
  }
}

async function hurtWhileCounting(
  kind: StoreKind,
  { seconds, random, progress }: LoopPlan,
  servers: readonly StoreServer[],
  cluster: ProcessCluster,
  clients: readonly QuorateClient[],
): Promise<LoopReport> {
  const first = clients[0] as QuorateClient;
  await kind.prepare(first);
  const counting = new Counting(kind, clients);
  const kills: Record<Victim, number> = { server: 0, node: 0, both: 0 };
  const startedAt = performance.now();
  counting.start(WORKERS);
  for (let round = 0; performance.now() - startedAt < seconds * 1000; round++) {
    const node = random.between(1, NODES);
    const victim = VICTIMS[round % VICTIMS.length] as Victim;
    const before = counting.acknowledged;
    await hurt(victim, node, servers, cluster, random.below(MAX_DOWN_MS));
    kills[victim] += 1;
    await cluster.waitUntilCaughtUp(node);
    await cluster.waitFor('increments after a kill', () => counting.acknowledged > before);
    progress(
      `killed ${victim === 'both' ? 'server and node' : victim} ${node}; ${counting.acknowledged} increments`,
    );
    await delay(PAUSE_MS);
  }
  await counting.stop();
  for (let node = 1; node <= NODES; node++) await cluster.waitUntilCaughtUp(node);
  const violations = [...(await counting.verify(first))];
  const digests = await Promise.all(servers.map(({ url }) => kind.digest(url)));
  if (new Set(digests).size > 1) violations.push(`the stores differ: ${digests.join(', ')}`);
  const { acknowledged, unknown, keys: counters } = counting;
  const took = Math.round((performance.now() - startedAt) / 1000);
  return { seconds: took, kills, acknowledged, unknown, counters, digests, violations };
}

async function hurt(
  victim: Victim,
  node: number,
  servers: readonly StoreServer[],
  cluster: ProcessCluster,
  downMs: number,
): Promise<void> {
  const server = servers[node - 1] as StoreServer;
  const killing = [];
  if (victim !== 'node') killing.push(server.kill());
  if (victim !== 'server') killing.push(cluster.kill(node));
  await Promise.all(killing);
  await delay(downMs);
  if (victim !== 'node') await server.restart();
  if (victim !== 'server') cluster.restart(node);
}
