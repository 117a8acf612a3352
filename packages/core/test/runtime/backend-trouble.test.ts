/**
 * Backends that break their contract: the command is refused or the node is fenced, and the process lives on. A command
 * that ended the process would end one node after the other, because clients bring it to the next.
 */
import assert from 'node:assert/strict';
import { type Backend, BackendUnavailable } from '#src/ports/index.ts';
import { fillBackend, TestCluster } from './cluster.ts';

/** A backend that is another one but for some methods. */
const altered = (change: Partial<Backend>): Backend =>
  new Proxy(fillBackend(), {
    get: (target, name) => {
      const value: unknown = Reflect.get({ ...change }, name) ?? Reflect.get(target, name);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });

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

  for (const [how, apply] of [
    ['at once', () => []],
    ['later', async () => []],
  ] as const) {
    it(`is fenced when results are missing ${how}`, async () => {
      let applied = 0;
      const { client, session } = await clientOf(() => {
        const good = fillBackend();
        // The first slots open the session and carry no command.
        return altered({
          apply: (batch) => {
            if (batch.commands.length === 0) return good.apply(batch);
            applied += 1;
            return apply();
          },
        });
      });
      const [sequence = 0] = client.request(session, ['fill key 1']);
      cluster.run('the command', () => applied > 0);
      await Promise.resolve();
      cluster.run('an answer', () => client.answerTo(sequence) !== undefined);
      const answer = client.answerTo(sequence);
      assert.ok(
        answer?.kind === 'error' && answer.code === 'BACKEND_DIVERGED' && answer.outcome === 'unknown',
      );
      assert.equal(cluster.node(1).engine.status().backend.state, 'fenced');
      assert.equal(cluster.node(1).fatal, undefined);
    });
  }

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
