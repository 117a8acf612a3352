/**
 * Backends that break their contract: the command is refused or the node is fenced, and the process lives on. A command
 * that ended the process would end one node after the other, because clients bring it to the next.
 */
import assert from 'node:assert/strict';
import type { Answer } from '@quorate/wire';
import { type ApplyBatch, type Backend, BackendUnavailable } from '#src/ports/index.ts';
import { fillBackend, type TestClient, TestCluster } from './cluster.ts';

/** A backend that is another one but for some methods. */
const altered = (change: Partial<Backend>): Backend =>
  new Proxy(fillBackend(), {
    get: (target, name) => {
      const value: unknown = Reflect.get({ ...change }, name) ?? Reflect.get(target, name);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const thrower = (): never => {
  throw new Error('not today');
};

describe('a backend that breaks its contract', () => {
  let cluster: TestCluster;

  const clientOf = async (backend: () => Backend): Promise<ReturnType<TestCluster['clientWithSession']>> => {
    cluster = await TestCluster.start(1, {}, backend);
    cluster.run('a leader', () => cluster.leader === 1);
    return cluster.clientWithSession(1);
  };

  /** Promises run as time passes. */
  const answerTo = async (client: TestClient, session: number, line: string): Promise<Answer> => {
    const [sequence = 0] = client.request(session, [line]);
    for (let round = 0; round < 1000 && client.answerTo(sequence) === undefined; round++) {
      cluster.clock.step();
      await settled();
    }
    const answer = client.answerTo(sequence);
    assert.ok(answer !== undefined, `no answer to ${line}; ${cluster.node(1).fatal}`);
    return answer;
  };

  const isFencedBy = async (given: () => unknown): Promise<void> => {
    const { client, session } = await clientOf(() => {
      const good = fillBackend();
      // The first slots open the session and carry no command.
      const apply = (batch: ApplyBatch<unknown>): unknown =>
        batch.commands.length === 0 ? good.apply(batch) : given();
      return altered({ apply: apply as Backend['apply'] });
    });
    const answer = await answerTo(client, session, 'fill key 1');
    assert.ok(
      answer.kind === 'error' && answer.code === 'BACKEND_DIVERGED' && answer.outcome === 'unknown',
      JSON.stringify(answer),
    );
    assert.equal(cluster.node(1).engine.status().backend.state, 'fenced');
    assert.equal(cluster.node(1).fatal, undefined);
  };

  afterEach(() => cluster.stop());

  for (const method of ['parse', 'encode'] as const) {
    it(`refuses the command when ${method} throws`, async () => {
      const { client, session } = await clientOf(() => altered({ [method]: thrower }));
      const [sequence = 0] = client.request(session, ['fill key 1']);
      cluster.run('an answer', () => client.answerTo(sequence) !== undefined);
      const answer = client.answerTo(sequence);
      assert.ok(answer?.kind === 'error' && answer.code === 'PARSE' && answer.outcome === 'none');
      assert.match(answer.message, /not today/);
      assert.equal(cluster.node(1).fatal, undefined);
    });
  }

  for (const [what, results] of Object.entries({
    'too few results': [],
    'no list of results': undefined,
    'nothing in the list': [undefined],
    'an object that is no result': [{}],
    'a result without a value': [{ ok: true }],
    'text instead of bytes': [{ ok: true, value: 'text' }],
    'a refusal without words': [{ ok: false }],
  }))
    for (const [how, given] of [
      ['at once', () => results],
      ['later', async () => results],
    ] as const)
      it(`is fenced when apply gives ${what} ${how}`, () => isFencedBy(given));

  for (const [what, result] of Object.entries({
    nothing: undefined,
    'text instead of bytes': { ok: true, value: 'text' },
  }))
    for (const [how, given] of [
      ['at once', () => result],
      ['later', async () => result],
    ] as const)
      it(`refuses the read when query gives ${what} ${how}`, async () => {
        const { client } = await clientOf(() => altered({ query: given as unknown as Backend['query'] }));
        const answer = await answerTo(client, 0, 'get key');
        assert.ok(answer.kind === 'error' && answer.code === 'BACKEND_UNAVAILABLE', JSON.stringify(answer));
        assert.match(answer.message, /what it gave is no result/);
        assert.equal(cluster.node(1).fatal, undefined);
      });

  it('refuses the command when encode returns no bytes', async () => {
    const { client, session } = await clientOf(() => altered({ encode: () => undefined as never }));
    const answer = await answerTo(client, session, 'fill key 1');
    assert.ok(answer.kind === 'error' && answer.code === 'PARSE' && answer.outcome === 'none');
    assert.match(answer.message, /encode returned no bytes/);
    assert.equal(cluster.node(1).fatal, undefined);
  });

  for (const [how, prepare] of [
    ['at once', () => undefined],
    ['later', async () => undefined],
  ] as const)
    it(`refuses the command when prepare returns nothing ${how}`, async () => {
      const { client, session } = await clientOf(() => altered({ prepare }));
      const answer = await answerTo(client, session, 'fill key 1');
      assert.ok(answer.kind === 'error' && answer.code === 'REFUSED' && answer.outcome === 'none');
      assert.match(answer.message, /prepare returned nothing/);
      assert.equal(cluster.node(1).engine.status().backend.state, 'ok');
    });

  it('does not hold up the stop of its node once it is fenced', async () => {
    await isFencedBy(() => []);
    let isDone = false;
    cluster.node(1).engine.stop(() => {
      isDone = true;
    });
    cluster.run('the end', () => isDone);
  });

  it('is fenced by a slot that it cannot read, and the reason names it', async () => {
    const { client, session } = await clientOf(() => altered({ decode: thrower }));
    const answer = await answerTo(client, session, 'fill key 1');
    assert.ok(answer.kind === 'error' && answer.code === 'BACKEND_DIVERGED', JSON.stringify(answer));
    assert.match(
      answer.message,
      /cannot be read by backend fill: not today; was it written with another backend/,
    );
  });

  it('is not asked again after the node has stopped', async () => {
    let asked = 0;
    const { client, session } = await clientOf(() => {
      const good = fillBackend();
      const apply: Backend['apply'] = (batch) => {
        if (batch.commands.length === 0) return good.apply(batch);
        asked += 1;
        throw new BackendUnavailable('the store is away');
      };
      return altered({ apply });
    });
    client.request(session, ['fill key 1']);
    cluster.run('a second try', () => asked === 2);
    cluster.stop();
    const untilMs = cluster.clock.nowMs + 20_000;
    cluster.run('20 s', () => cluster.clock.nowMs >= untilMs, 30_000);
    assert.equal(asked, 2);
  });
});
