/** A fake cluster, the clients of one test, and the end of both. */
import { type ClientEvents, type ClientOptions, createClient, type QuorateClient } from '@quorate/client';
import { FakeCluster } from './fake-cluster.ts';

export type SeenEvent = {
  [Name in keyof ClientEvents]: readonly [Name, ClientEvents[Name]];
}[keyof ClientEvents];

const EVENTS: readonly (keyof ClientEvents)[] = [
  'connect',
  'disconnect',
  'leader',
  'reconnecting',
  'error',
  'close',
];

export class World {
  readonly cluster: FakeCluster;
  /** What the clients announced, in order. */
  readonly events: SeenEvent[] = [];
  readonly #clients: QuorateClient[] = [];

  private constructor(cluster: FakeCluster) {
    this.cluster = cluster;
  }

  static async start(size = 3): Promise<World> {
    return new World(await FakeCluster.start(size));
  }

  /** By default it knows every node, in order, and waits little between tries. */
  client(options: Partial<ClientOptions> = {}): QuorateClient {
    const client = createClient({
      endpoints: this.cluster.addrs,
      backoffMinMs: 1,
      backoffMaxMs: 20,
      ...options,
    });
    for (const name of EVENTS) client.on(name, (event) => this.events.push([name, event] as SeenEvent));
    this.#clients.push(client);
    return client;
  }

  names(): string[] {
    return this.events.map(([name]) => name);
  }

  async stop(): Promise<void> {
    for (const client of this.#clients) client.destroy();
    await this.cluster.stop();
  }
}
