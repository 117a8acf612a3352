/** Nothing is answered before a majority has it on disk, and a queue full of values does not depose a leader. */
import assert from 'node:assert/strict';
import { TestCluster } from './cluster.ts';
import { Links, otherThan } from './links.ts';

describe('a write', () => {
  let cluster: TestCluster;
  let links: Links;

  beforeEach(async () => {
    cluster = await TestCluster.start(3);
    links = new Links(cluster);
    cluster.run('a leader', () => cluster.leader !== 0);
  });
  afterEach(() => cluster.stop());

  const passes = (ms: number): void => {
    const untilMs = cluster.clock.nowMs + ms;
    cluster.run(`${ms} ms`, () => cluster.clock.nowMs >= untilMs, 2 * ms);
  };

  for (const which of ['the leader and a follower', 'both followers']) {
    it(`is not answered while the disks of ${which} are stuck, and is when one of them moves`, () => {
      const leader = cluster.leader;
      const follower = otherThan(leader);
      const stuck = which === 'both followers' ? [follower, otherThan(leader, follower)] : [leader, follower];
      const { client, session } = cluster.clientWithSession(leader);
      passes(300);
      for (const id of stuck) cluster.node(id).diskIsStuck = true;
      const [sequence = 0] = client.request(session, ['fill key 1']);
      passes(700);
      assert.equal(client.answerTo(sequence), undefined);
      const freed = cluster.node(stuck[0] ?? 0);
      freed.diskIsStuck = false;
      freed.flushDisk();
      cluster.run('an answer', () => client.answerTo(sequence)?.kind === 'result');
    });
  }

  it('that fills the links with values does not keep heartbeats from being heard', () => {
    const leader = cluster.leader;
    const { client, session } = cluster.clientWithSession(leader);
    const { ballot } = cluster.node(leader).engine.status();
    links.lose(({ lane }) => lane === 'bulk');
    const [sequence = 0] = client.request(session, ['fill key 1']);
    passes(10_000);
    assert.equal(cluster.leader, leader);
    assert.deepEqual(cluster.node(leader).engine.status().ballot, ballot);
    links.heal();
    cluster.run('an answer', () => client.answerTo(sequence)?.kind === 'result');
  });
});
