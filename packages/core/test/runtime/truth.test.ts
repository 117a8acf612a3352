/**
 * What clients are told is true: "not executed" only of what never will be, "done" only of their own command, and
 * "not known" of everything that somebody may still finish.
 */
import assert from 'node:assert/strict';
import type { Answer } from '@quorate/wire';
import { fillBackend, type TestClient, TestCluster } from './cluster.ts';
import { Links, otherThan } from './links.ts';

function assertError(answer: Answer | undefined, code: string, outcome: 'none' | 'unknown'): void {
  assert.ok(answer?.kind === 'error', JSON.stringify(answer));
  assert.deepEqual([answer.code, answer.outcome], [code, outcome]);
}

describe('the answers of a cluster', () => {
  let cluster: TestCluster;
  let links: Links;

  const start = async (limits: Parameters<typeof TestCluster.start>[1] = {}): Promise<void> => {
    cluster = await TestCluster.start(3, limits);
    links = new Links(cluster);
    cluster.run('a leader', () => cluster.leader !== 0);
  };
  const isAnswered = (client: TestClient, sequence: number) => (): boolean =>
    client.answerTo(sequence) !== undefined;
  const passes = (ms: number): void => {
    const untilMs = cluster.clock.nowMs + ms;
    cluster.run(`${ms} ms`, () => cluster.clock.nowMs >= untilMs, 2 * ms);
  };
  const stick = (stuck: boolean): void => {
    for (const node of cluster.nodes) {
      node.diskIsStuck = stuck;
      node.flushDisk();
    }
  };
  const lengthOf = (node: number, key: string): number | undefined => {
    const reader = cluster.connect(node);
    const [read = 0] = reader.request(0, [`get ${key}`]);
    cluster.run('a read', isAnswered(reader, read));
    const answer = reader.answerTo(read);
    assert.ok(answer?.kind === 'result' && answer.result.ok, JSON.stringify(answer));
    return answer.result.value?.length;
  };

  afterEach(() => cluster.stop());

  it('call unknown what was under way when leadership was lost, for a successor may finish it', async () => {
    await start();
    const leader = cluster.leader;
    const { client, session } = cluster.clientWithSession(leader);
    links.lose(({ to }) => to === leader);
    const [sequence = 0] = client.request(session, ['fill key 7']);
    cluster.run('an answer', isAnswered(client, sequence));
    assertError(client.answerTo(sequence), 'LEADERSHIP_LOST', 'unknown');
    cluster.run('a successor', () => ![0, leader].includes(cluster.leader), 20_000);
    assert.equal(lengthOf(cluster.leader, 'key'), 7);
  });

  it('call unknown what was passed on to a leader that is gone', async () => {
    await start();
    const leader = cluster.leader;
    const follower = otherThan(leader);
    const { client, session } = cluster.clientWithSession(follower);
    // The command gets through, and from then on nothing that the leader says.
    links.lose(({ from }) => from === leader);
    const [sequence = 0] = client.request(session, ['fill key 7']);
    cluster.run('an answer', isAnswered(client, sequence), 20_000);
    assertError(client.answerTo(sequence), 'LEADERSHIP_LOST', 'unknown');
  });

  it('come from a node that stops, for what it passed on before', async () => {
    await start();
    const follower = otherThan(cluster.leader);
    const { client, session } = cluster.clientWithSession(follower);
    stick(true);
    const [sequence = 0] = client.request(session, ['fill key 7']);
    cluster.run('a forward', () => cluster.node(follower).engine.status().forwards === 1);
    const { engine } = cluster.node(follower);
    let stopped = false;
    engine.stop(() => {
      stopped = true;
      engine.halt();
    });
    // It has nothing of its own to finish.
    cluster.node(follower).diskIsStuck = false;
    cluster.node(follower).flushDisk();
    passes(100);
    stick(false);
    cluster.run('the end', () => stopped);
    assert.equal(client.answerTo(sequence)?.kind, 'result');
  });

  it('come from a node that stops, for reads that its store was given before', async () => {
    let answer: (() => void) | undefined;
    cluster = await TestCluster.start(1, {}, () => {
      const backend = fillBackend();
      backend.query = () =>
        new Promise((resolve) => {
          answer = () => resolve({ ok: true, value: null });
        });
      return backend;
    });
    cluster.run('a leader', () => cluster.leader === 1);
    const client = cluster.connect(1);
    const [sequence = 0] = client.request(0, ['get key']);
    cluster.run('a query', () => answer !== undefined);
    const { engine } = cluster.node(1);
    engine.stop(() => engine.halt());
    passes(100);
    answer?.();
    for (let round = 0; round < 10; round++) await new Promise((resolve) => setImmediate(resolve));
    cluster.run('an answer', isAnswered(client, sequence));
    assert.equal(client.answerTo(sequence)?.kind, 'result');
  });

  it('never give a client the result of the command that took the place of its own', async () => {
    await start();
    const leader = cluster.leader;
    const { client, session } = cluster.clientWithSession(leader);
    const other = otherThan(leader);
    const rival = cluster.clientWithSession(other);
    links.isolate(leader);
    const [mine = 0] = client.request(session, ['fill key 7']);
    cluster.run('a successor', () => ![0, leader].includes(cluster.leader), 20_000);
    const [theirs = 0] = rival.client.request(rival.session, ['fill key 9']);
    cluster.run('their write', isAnswered(rival.client, theirs), 20_000);
    links.heal();
    cluster.run('one history', () => {
      const [first, ...rest] = cluster.nodes.map(({ engine }) => engine.status().appliedSlot);
      return rest.every((slot) => slot === first);
    });
    passes(1000);
    assertError(client.answerTo(mine), 'LEADERSHIP_LOST', 'unknown');
    assert.equal(lengthOf(leader, 'key'), 9);
  });

  it('say of what waited too long that it was not executed, and do not execute it', async () => {
    await start({ pipelineSlots: 1 });
    const { client, session } = cluster.clientWithSession(cluster.leader);
    stick(true);
    const [first = 0] = client.request(session, ['fill first 1']);
    passes(50);
    const [late = 0] = client.request(session, ['fill late 1'], { timeoutMs: 100 });
    passes(300);
    stick(false);
    cluster.run('both answers', () => [first, late].every((one) => isAnswered(client, one)()));
    assertError(client.answerTo(late), 'TIMEOUT', 'none');
    passes(500);
    assert.equal(lengthOf(cluster.leader, 'late'), undefined);
    assert.equal(lengthOf(cluster.leader, 'first'), 1);
  });

  it('refuse what the queue has no room for, and never execute it', async () => {
    const maxQueuedBytes = 4000;
    await start({ pipelineSlots: 1, maxQueuedBytes });
    const { client, session } = cluster.clientWithSession(cluster.leader);
    stick(true);
    const keys = Array.from({ length: 20 }, (_, index) => `key${index}`);
    const sequences = keys.map((key) => {
      const [sequence = 0] = client.request(session, [`fill ${key} 1000`]);
      passes(10);
      assert.ok(cluster.node(cluster.leader).engine.status().queuedBytes <= maxQueuedBytes);
      return sequence;
    });
    const refused = keys.filter((_, index) => client.answerTo(sequences[index] ?? 0) !== undefined);
    assert.ok(refused.length >= 10 && refused.length < 20, `${refused.length} refused`);
    stick(false);
    cluster.run('the others', () => sequences.every((one) => isAnswered(client, one)()));
    for (const [index, key] of keys.entries()) {
      const answer = client.answerTo(sequences[index] ?? 0);
      if (refused.includes(key)) assertError(answer, 'OVERLOADED', 'none');
      assert.equal(lengthOf(cluster.leader, key), refused.includes(key) ? undefined : 1000);
    }
  });
});
