/**
 * A linearizable read sees everything that was answered before it was asked, at any node: one whose store is slow, and
 * one that was cut off while the others went on. A stale read says what the node has.
 */
import assert from 'node:assert/strict';
import type { Answer } from '@quorate/wire';
import type { Backend } from '#src/ports/index.ts';
import { fillBackend, type TestClient, TestCluster } from './cluster.ts';
import { Links, otherThan } from './links.ts';

/** Applies only when it is let; everything else is as it was. */
class SlowStore {
  isSlow = false;
  readonly #waiting: (() => void)[] = [];

  over(backend: Backend): Backend {
    return new Proxy(backend, {
      get: (target, name) => {
        const value: unknown = name === 'apply' ? this.#apply(target) : Reflect.get(target, name);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    });
  }

  /** Lets one batch pass. */
  go(): void {
    this.#waiting.shift()?.();
  }

  get waits(): boolean {
    return this.#waiting.length > 0;
  }

  #apply(target: Backend): Backend['apply'] {
    return (batch) => {
      if (!this.isSlow) return target.apply(batch);
      return new Promise<void>((resolve) => void this.#waiting.push(resolve)).then(() => target.apply(batch));
    };
  }
}

function lengthIn(answer: Answer | undefined): number | undefined {
  assert.ok(answer?.kind === 'result' && answer.result.ok, JSON.stringify(answer));
  return answer.result.value?.length;
}

describe('reads', () => {
  let cluster: TestCluster;
  let links: Links;
  let stores: SlowStore[];

  beforeEach(async () => {
    stores = [];
    cluster = await TestCluster.start(3, {}, () => {
      const store = new SlowStore();
      stores.push(store);
      return store.over(fillBackend());
    });
    links = new Links(cluster);
    cluster.run('a leader', () => cluster.leader !== 0);
  });
  afterEach(() => cluster.stop());

  const isAnswered = (client: TestClient, sequence: number) => (): boolean =>
    client.answerTo(sequence) !== undefined;
  const passes = (ms: number): void => {
    const untilMs = cluster.clock.nowMs + ms;
    cluster.run(`${ms} ms`, () => cluster.clock.nowMs >= untilMs, 2 * ms);
  };

  it('wait for the store of their node', async () => {
    const follower = otherThan(cluster.leader);
    const store = stores[follower - 1] as SlowStore;
    const writer = cluster.clientWithSession(cluster.leader);
    const reader = cluster.connect(follower);
    store.isSlow = true;
    const [written = 0] = writer.client.request(writer.session, ['fill key 5']);
    cluster.run('the write', isAnswered(writer.client, written));
    const [read = 0] = reader.request(0, ['get key']);
    cluster.run('the batch to reach the store', () => store.waits);
    passes(200);
    assert.equal(reader.answerTo(read), undefined, 'answered before its slot was applied');
    for (let rounds = 0; reader.answerTo(read) === undefined && rounds < 20; rounds++) {
      store.go();
      await new Promise((resolve) => setImmediate(resolve));
      passes(10);
    }
    assert.equal(lengthIn(reader.answerTo(read)), 5);
  });

  for (const who of ['the deposed leader', 'a follower']) {
    it(`are not served by ${who} while it is cut off, unless they may be stale`, () => {
      const writer = cluster.clientWithSession(cluster.leader);
      const [old = 0] = writer.client.request(writer.session, ['fill key 1']);
      cluster.run('the old write', isAnswered(writer.client, old));
      passes(300);
      const cutOff = who === 'a follower' ? otherThan(cluster.leader) : cluster.leader;
      links.isolate(cutOff);
      const reader = cluster.connect(cutOff);
      // Asked again and again, while the node still believes what it believed and afterwards.
      const reads: number[] = [];
      const newWriter = cluster.connect(otherThan(cutOff));
      cluster.run('a leader of the others', () => ![0, cutOff].includes(leaderOfOthers(cutOff)), 20_000);
      const { client, session } = cluster.clientWithSession(leaderOfOthers(cutOff));
      const [written = 0] = client.request(session, ['fill key 2']);
      cluster.run('the new write', isAnswered(client, written), 20_000);
      for (let round = 0; round < 10; round++) {
        reads.push(...reader.request(0, ['get key']));
        passes(100);
      }
      const [stale = 0] = reader.request(0, ['get key'], { consistency: 'stale' });
      cluster.run('the stale read', isAnswered(reader, stale));
      assert.equal(lengthIn(reader.answerTo(stale)), 1);
      for (const read of reads) assert.notEqual(reader.answerTo(read)?.kind, 'result');
      newWriter.close();
    });
  }

  it('are refused when the command writes, and the refusal says what to leave out', () => {
    const reader = cluster.connect(1);
    const [write = 0] = reader.request(0, ['fill key 1'], { consistency: 'stale' });
    cluster.run('the refusal', isAnswered(reader, write));
    const answer = reader.answerTo(write);
    assert.ok(answer?.kind === 'error' && answer.code === 'ARGUMENT', JSON.stringify(answer));
    assert.match(answer.message, /the command writes, and came as a read: send it without a consistency/);
    reader.close();
  });

  const leaderOfOthers = (cutOff: number): number =>
    cluster.nodes.findIndex(
      ({ engine }, index) => index + 1 !== cutOff && engine.status().role === 'leader',
    ) + 1;
});
