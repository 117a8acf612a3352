/**
 * Stores that are away when their node starts, and stores that come back older than they were: the node votes, fills the
 * store from the log, and nothing is lost or done twice.
 */
import assert from 'node:assert/strict';
import type { Answer } from '@quorate/wire';
import { type Backend, type BackendSnapshot, BackendUnavailable } from '#src/ports/index.ts';
import { fillBackend, type TestClient, TestCluster } from './cluster.ts';
import { Links, otherThan } from './links.ts';

/** A durable store whose content lies in the test's hands. */
class Store {
  isAway = false;
  #inner: Backend = fillBackend();
  #isFresh = true;
  #context: Parameters<Backend['open']>[0] | undefined;

  /** The backend of the node that has this store. */
  get backend(): Backend {
    return new Proxy(this.#inner, {
      get: (_, name) => {
        if (name === 'durability') return 'durable';
        if (name === 'open') return (context: Parameters<Backend['open']>[0]) => this.#open(context);
        if (name === 'flush') return async () => (await this.#inner.snapshot()).slot;
        const value: unknown = Reflect.get(this.#inner, name);
        return typeof value === 'function' ? (value.bind(this.#inner) as unknown) : value;
      },
    });
  }

  copy(): Promise<BackendSnapshot> {
    return this.#inner.snapshot();
  }

  /** The store comes back with nothing, or with what the copy holds, under its own digest or another. */
  async comesBack(copy?: BackendSnapshot, digest?: string): Promise<void> {
    this.#inner = fillBackend();
    this.#isFresh = true;
    if (copy === undefined) return;
    await this.#inner.open(this.#context as Parameters<Backend['open']>[0]);
    const image = await this.#inner.restore(copy);
    this.#isFresh = false;
    const mark = image.mark === undefined || digest === undefined ? image.mark : { ...image.mark, digest };
    this.#inner.open = async () => ({ ...image, mark });
  }

  async #open(context: Parameters<Backend['open']>[0]): ReturnType<Backend['open']> {
    this.#context = context;
    if (this.isAway) throw new BackendUnavailable('the store is away');
    const image = await this.#inner.open(context);
    if (this.#isFresh) assert.equal(image.mark, undefined);
    return image;
  }
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('a store', () => {
  let cluster: TestCluster;
  let stores: Store[];
  let client: TestClient;
  let session: number;

  const start = async (prepare: (stores: Store[]) => void = () => undefined): Promise<void> => {
    stores = [new Store(), new Store(), new Store()];
    prepare(stores);
    let next = 0;
    cluster = await TestCluster.start(3, {}, () => (stores[next++ % 3] as Store).backend);
  };
  const connect = (): void => {
    cluster.run('a leader', () => cluster.leader !== 0, 20_000);
    ({ client, session } = cluster.clientWithSession(cluster.leader));
  };
  /** Time passes, and promises run, until it holds. */
  const until = async (what: string, condition: () => boolean): Promise<void> => {
    for (let round = 0; round < 20_000 && !condition(); round++) {
      cluster.clock.step();
      if (round % 5 === 0) await settled();
    }
    assert.ok(condition(), what);
  };
  const answerTo = async (line: string, by = client): Promise<Answer | undefined> => {
    const [sequence = 0] = by.request(session, [line]);
    await until(line, () => by.answerTo(sequence) !== undefined);
    return by.answerTo(sequence);
  };
  const agree = (): Promise<void> =>
    until('one history', () => {
      const all = cluster.nodes.map(({ engine }) => engine.status());
      return all.every(({ digest, backend }) => digest === all[0]?.digest && backend.state === 'ok');
    });

  afterEach(() => cluster.stop());

  it('that is away when its node starts is opened when it is back; the node votes meanwhile', async () => {
    await start(([first]) => {
      (first as Store).isAway = true;
    });
    const links = new Links(cluster);
    await until('a node with a store leads', () => cluster.leader > 1);
    connect();
    // From here on it is the vote of node 1 that makes the majority.
    links.isolate(otherThan(1, cluster.leader));
    assert.equal((await answerTo('fill key 3'))?.kind, 'result');
    const state = cluster.node(1).engine.status().backend;
    assert.deepEqual([state.state, cluster.node(1).fatal], ['retrying', undefined]);
    const elsewhere = cluster.connect(1);
    const refused = await answerTo('get key', elsewhere);
    assert.ok(refused?.kind === 'error' && refused.code === 'BACKEND_UNAVAILABLE');
    links.heal();
    for (const store of stores) store.isAway = false;
    await agree();
    const read = await answerTo('get key', elsewhere);
    assert.ok(read?.kind === 'result' && read.result.ok && read.result.value?.length === 3);
  });

  it('that holds another history than the log of its node is fenced at the start, and the node votes', async () => {
    await start();
    connect();
    await answerTo('fill one 1');
    const first = stores[0] as Store;
    await first.comesBack(await first.copy(), 'f'.repeat(16));
    await answerTo('fill two 2');
    await answerTo('fill three 3');
    await cluster.restart(1);
    const { backend, appliedSlot } = cluster.node(1).engine.status();
    assert.equal(backend.state, 'fenced');
    assert.match(
      backend.detail,
      new RegExp(`its digest at slot ${appliedSlot} is f{16}, and the log of this node gives [0-9a-f]{16};`),
    );
    await until('a leader with a store', () => cluster.leader > 1);
    assert.equal(cluster.node(1).fatal, undefined);
  });

  it('that was away at the start, and comes back with another history than the log, is fenced before it is used', async () => {
    await start();
    connect();
    await answerTo('fill one 1');
    const first = stores[0] as Store;
    await first.comesBack(await first.copy(), 'f'.repeat(16));
    await answerTo('fill two 2');
    first.isAway = true;
    await cluster.restart(1);
    assert.equal(cluster.node(1).engine.status().backend.state, 'retrying');
    first.isAway = false;
    const state = (): string => cluster.node(1).engine.status().backend.state;
    await until('an opened store', () => state() !== 'retrying');
    const { backend, appliedSlot } = cluster.node(1).engine.status();
    assert.match(
      backend.detail,
      new RegExp(`its digest at slot ${appliedSlot} is f{16}, and the log of this node gives [0-9a-f]{16};`),
    );
    assert.equal(cluster.node(1).fatal, undefined);
  });

  for (const [how, withCopy] of [
    ['empty', false],
    ['older', true],
  ] as const) {
    it(`that comes back ${how} is filled from the log, and retries still get their first answer`, async () => {
      await start();
      connect();
      await answerTo('fill one 1');
      await answerTo('fill two 2');
      const store = stores[cluster.leader - 1] as Store;
      const copy = withCopy ? await store.copy() : undefined;
      const [taken = 0] = client.request(session, ['take two']);
      await until('taken', () => client.answerTo(taken) !== undefined);
      const first = client.answerTo(taken);
      await store.comesBack(copy);
      await answerTo('fill three 3');
      await agree();
      const again = cluster.connect(cluster.leader);
      again.repeat(session, ['take two'], [taken]);
      await until('the repetition', () => again.answerTo(taken) !== undefined);
      assert.deepEqual(
        (again.answerTo(taken) as { readonly result: unknown }).result,
        (first as { readonly result: unknown }).result,
      );
      await until('flushed', () => {
        const { durableSlot, appliedSlot } = cluster.node(cluster.leader).engine.status();
        return durableSlot > 0 && durableSlot === appliedSlot;
      });
      const gone = await answerTo('get two', again);
      assert.ok(gone?.kind === 'result' && gone.result.ok && gone.result.value === null);
    });
  }

  it('that comes back with another history is fenced, and the others go on', async () => {
    await start();
    connect();
    await answerTo('fill one 1');
    await agree();
    const leader = cluster.leader;
    const store = stores[leader % 3] as Store;
    const copy = await store.copy();
    for (const line of ['fill two 2', 'fill three 3']) await answerTo(line);
    await agree();
    await store.comesBack(copy, 'abcdefabcdefabcd');
    await answerTo('fill four 4');
    await until('fenced', () => {
      const { state, detail } = cluster.node((leader % 3) + 1).engine.status().backend;
      return state === 'fenced' && detail.includes('came back with another history: digest abcdefabcdefabcd');
    });
    assert.equal((await answerTo('fill five 5'))?.kind, 'result');
  });
});
