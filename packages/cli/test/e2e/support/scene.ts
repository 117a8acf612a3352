/**
 * What an end-to-end test stands on: one cluster of real processes for a `describe`, and clients of it that end with
 * each test. However a test ends, the processes are stopped; when it fails, the last words of every node are shown.
 *
 * Leaves to others: what is sent (`background.ts`, the histories), what a node says of itself (`standing.ts`).
 */
import { readFileSync } from 'node:fs';
import { type ClientOptions, createClient, type QuorateClient } from '@quorate/client';
import { type ClusterOptions, ProcessCluster } from '#src/spawn/index.ts';
import { askStanding } from './standing.ts';

export type SceneClientOptions = Omit<ClientOptions, 'endpoints'>;

const START_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 30_000;
const SHOWN_LOG_LINES = 30;

export class Scene {
  readonly cluster: ProcessCluster;
  readonly #clients: QuorateClient[] = [];

  constructor(cluster: ProcessCluster) {
    this.cluster = cluster;
  }

  /** Knows every node and goes to the leader. */
  client(options: SceneClientOptions = {}): QuorateClient {
    return this.#keep(createClient({ ...options, endpoints: this.cluster.addrs }));
  }

  /** Speaks to this node and to no other, which forwards what it cannot do alone. */
  clientOf(node: number, options: SceneClientOptions = {}): QuorateClient {
    return this.#keep(
      createClient({ ...options, endpoints: [this.cluster.addr(node)], followLeader: false }),
    );
  }

  /** Whoever still waits for an answer is told CLOSED. */
  endClients(): void {
    for (const client of this.#clients.splice(0)) client.destroy();
  }

  /** How every node stands and the end of its log, for the report of a failure. */
  async lastWords(): Promise<string> {
    const words = this.cluster.addrs.map(async (addr, index) => {
      const standing = JSON.stringify(await askStanding(this.cluster, index + 1)) ?? 'no answer';
      return `--- node ${index + 1} at ${addr}: ${standing}\n${tailOf(this.cluster.logPath(index + 1))}`;
    });
    return (await Promise.all(words)).join('\n');
  }

  #keep(client: QuorateClient): QuorateClient {
    this.#clients.push(client);
    return client;
  }
}

/** Called in a `describe`: its tests share the cluster, in their order. */
export function useScene(options: ClusterOptions): () => Scene {
  let scene: Scene | undefined;
  before(async function () {
    this.timeout(START_TIMEOUT_MS + (options.startTimeoutMs ?? 0));
    scene = new Scene(await ProcessCluster.start(options));
  });
  afterEach(async function () {
    if (this.currentTest?.state === 'failed') console.log(await scene?.lastWords());
    scene?.endClients();
  });
  after(async function () {
    this.timeout(STOP_TIMEOUT_MS);
    await scene?.cluster.stop();
  });
  return () => {
    if (scene === undefined) throw new Error('the cluster runs only while tests run');
    return scene;
  };
}

function tailOf(path: string): string {
  try {
    return readFileSync(path, 'utf8').trimEnd().split('\n').slice(-SHOWN_LOG_LINES).join('\n');
  } catch (error) {
    return `(no log: ${String(error)})`;
  }
}
