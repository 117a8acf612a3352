/**
 * Bounds that hold whatever clients send and however slow a disk is: a batch fits into a frame between nodes, and
 * values that no disk has taken do not fill the memory.
 */
import assert from 'node:assert/strict';
import { DEFAULT_RUNTIME_LIMITS } from '#src/runtime/limits.ts';
import { TestCluster } from './cluster.ts';

const MIB = 1024 * 1024;

describe('bounds of the runtime', function () {
  this.timeout(20_000); // Tens of megabytes go through three nodes.
  let cluster: TestCluster;

  afterEach(() => cluster.stop());

  for (const where of ['the leader', 'a follower']) {
    it(`cuts a request at ${where} whose commands grow when they are encoded, so that a peer can take each batch`, async () => {
      cluster = await TestCluster.start(3);
      cluster.run('a leader', () => cluster.leader !== 0);
      const node = where === 'the leader' ? cluster.leader : (cluster.leader % 3) + 1;
      const { client, session } = cluster.clientWithSession(node);
      const lines = Array.from({ length: 40 }, (_, index) => `fill key${index} ${MIB - 1024}`);
      const sequences = client.request(session, lines);
      cluster.run('40 MiB', () => sequences.every((one) => client.answerTo(one)?.kind === 'result'));
      assert.ok(cluster.longestFrameBytes < DEFAULT_RUNTIME_LIMITS.maxPeerFrameBytes / 2);
    });
  }

  it('takes no more values than the bound while the disk of a follower is stuck, and catches up afterwards', async () => {
    const maxUnflushedBytes = 4 * MIB;
    cluster = await TestCluster.start(3, { maxUnflushedBytes });
    cluster.run('a leader', () => cluster.leader !== 0);
    const { client, session } = cluster.clientWithSession(cluster.leader);
    const slow = cluster.node((cluster.leader % 3) + 1);
    slow.diskIsStuck = true;
    for (let round = 0; round < 12; round++) {
      const [sequence = 0] = client.request(session, [`fill key${round} ${MIB - 1024}`]);
      cluster.run('a write', () => client.answerTo(sequence)?.kind === 'result');
    }
    const { valuesDropped } = slow.engine.status().counters;
    assert.ok(valuesDropped > 0, `${valuesDropped} messages were dropped`);
    slow.diskIsStuck = false;
    slow.journal.flush();
    const { appliedSlot } = cluster.node(cluster.leader).engine.status();
    cluster.run('the slow one', () => slow.engine.status().appliedSlot >= appliedSlot);
    assert.equal(slow.engine.status().digest, cluster.node(cluster.leader).engine.status().digest);
  });

  it('proposes nothing while the disk of the leader is too far behind, and goes on afterwards', async () => {
    cluster = await TestCluster.start(3, { maxUnflushedBytes: 4 * MIB });
    cluster.run('a leader', () => cluster.leader !== 0);
    const leader = cluster.node(cluster.leader);
    const { client, session } = cluster.clientWithSession(cluster.leader);
    leader.diskIsStuck = true;
    const lines = Array.from({ length: 12 }, (_, index) => `fill key${index} ${MIB - 1024}`);
    const sequences = lines.map((line) => client.request(session, [line])[0] ?? 0);
    const answered = (): number => sequences.filter((one) => client.answerTo(one)?.kind === 'result').length;
    cluster.run('the first writes', () => answered() >= 4);
    const untilMs = cluster.clock.nowMs + 3000;
    cluster.run('3 s', () => cluster.clock.nowMs >= untilMs);
    assert.ok(answered() < 12, `${answered()} writes with nothing flushed`);
    leader.diskIsStuck = false;
    leader.journal.flush();
    cluster.run('the rest', () => answered() === 12);
  });
});
