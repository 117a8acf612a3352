/**
 * Commands take effect once and in order: equal commands are not the same command, a repeated one is, restarts bring
 * back what was answered, and a store in trouble skips nothing.
 */
import assert from 'node:assert/strict';
import type { Answer } from '@quorate/wire';
import { type Backend, BackendUnavailable } from '#src/ports/index.ts';
import { fillBackend, type TestClient, TestCluster } from './cluster.ts';
import { Links, otherThan } from './links.ts';

function lengthIn(answer: Answer | undefined): number | undefined {
  assert.ok(answer?.kind === 'result' && answer.result.ok, JSON.stringify(answer));
  return answer.result.value?.length;
}

describe('commands', () => {
  let cluster: TestCluster;

  const start = async (createBackend: () => Backend = fillBackend): Promise<void> => {
    cluster = await TestCluster.start(3, {}, createBackend);
    new Links(cluster);
    cluster.run('a leader', () => cluster.leader !== 0);
  };
  const done = (client: TestClient, session: number, line: string): number => {
    const [sequence = 0] = client.request(session, [line]);
    cluster.run(line, () => client.answerTo(sequence) !== undefined, 60_000);
    return sequence;
  };
  const agree = (): void => {
    cluster.run(
      'one history',
      () => {
        const [first, ...rest] = cluster.nodes.map(({ engine }) => engine.status());
        return rest.every(
          ({ appliedSlot, digest }) => appliedSlot === first?.appliedSlot && digest === first.digest,
        );
      },
      60_000,
    );
  };

  afterEach(() => cluster.stop());

  it('that are equal are two commands, in one batch and in two', async () => {
    await start();
    const { client, session } = cluster.clientWithSession(cluster.leader);
    done(client, session, 'fill key 3');
    const [first = 0, second = 0] = client.request(session, ['take key', 'take key']);
    cluster.run('both', () => [first, second].every((one) => client.answerTo(one) !== undefined));
    assert.deepEqual(
      [first, second].map((one) => lengthIn(client.answerTo(one))),
      [3, undefined],
    );
    done(client, session, 'fill key 4');
    assert.equal(lengthIn(client.answerTo(done(client, session, 'take key'))), 4);
    assert.equal(lengthIn(client.answerTo(done(client, session, 'take key'))), undefined);
  });

  it('that are repeated at another node give their first answer', async () => {
    await start();
    const { client, session } = cluster.clientWithSession(cluster.leader);
    done(client, session, 'fill key 3');
    const sequence = done(client, session, 'take key');
    const elsewhere = cluster.connect(otherThan(cluster.leader));
    for (let times = 0; times < 2; times++) {
      elsewhere.repeat(session, ['take key'], [sequence]);
      cluster.run('the repetition', () => elsewhere.answerTo(sequence) !== undefined);
      assert.equal(lengthIn(elsewhere.answerTo(sequence)), 3);
    }
  });

  it('are there after every node was restarted, and so are their answers', async () => {
    await start();
    const { client, session } = cluster.clientWithSession(cluster.leader);
    for (const [key, bytes] of [
      ['one', 1],
      ['two', 2],
      ['three', 3],
    ] as const)
      done(client, session, `fill ${key} ${bytes}`);
    const taken = done(client, session, 'take two');
    agree();
    const digests = cluster.nodes.map(({ engine }) => engine.status().digest);
    for (const id of [1, 2, 3]) await cluster.restart(id);
    cluster.run('a leader', () => cluster.leader !== 0, 20_000);
    agree();
    const again = cluster.connect(cluster.leader);
    again.repeat(session, ['take two'], [taken]);
    cluster.run('the repetition', () => again.answerTo(taken) !== undefined, 20_000);
    assert.equal(lengthIn(again.answerTo(taken)), 2);
    assert.equal(new Set(digests).size, 1);
    for (const [key, bytes] of [
      ['one', 1],
      ['two', undefined],
      ['three', 3],
    ] as const) {
      const [read = 0] = again.request(0, [`get ${key}`]);
      cluster.run('a read', () => again.answerTo(read) !== undefined);
      assert.equal(lengthIn(again.answerTo(read)), bytes);
    }
  });

  it('are applied again, not skipped and not refused, when a store could not take them', async () => {
    const backends: Backend[] = [];
    let trouble = 0;
    await start(() => {
      const good = fillBackend();
      const self = backends.length;
      const backend = new Proxy(good, {
        get: (target, name) => {
          const value: unknown = Reflect.get(target, name);
          if (name !== 'apply') return typeof value === 'function' ? (value.bind(target) as unknown) : value;
          return (...args: Parameters<Backend['apply']>): unknown => {
            // Every third batch meets trouble first, at one node after the other.
            if (args[0].slot % 3 === self && trouble++ % 2 === 0) throw new BackendUnavailable('not now');
            return target.apply(...args);
          };
        },
      });
      backends.push(backend);
      return backend;
    });
    const { client, session } = cluster.clientWithSession(cluster.leader);
    for (let round = 1; round <= 9; round++) {
      assert.equal(client.answerTo(done(client, session, `fill key${round} ${round}`))?.kind, 'result');
      assert.equal(lengthIn(client.answerTo(done(client, session, `take key${round}`))), round);
    }
    done(client, session, 'fill last 10');
    agree();
    assert.ok(trouble > 5, `${trouble} times in trouble`);
    const contents = await Promise.all(backends.map((backend) => backend.digest()));
    assert.equal(new Set(contents).size, 1, contents.join(' '));
  });
});
