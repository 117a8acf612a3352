/** A journal that fails ends its node at once: between two appends too, and in the middle of a graceful stop. */
import assert from 'node:assert/strict';
import { TestCluster } from './cluster.ts';

describe('a node whose journal fails', () => {
  it('ends although nothing is appended', async () => {
    const cluster = await TestCluster.start(3);
    cluster.run('a leader', () => cluster.leader > 0);
    const node = cluster.node(cluster.leader);
    node.journal.fail();
    node.flushDisk();
    assert.equal((node.fatal as { code?: string } | undefined)?.code, 'JOURNAL_IO');
    cluster.run('another leader', () =>
      cluster.nodes.some((other) => other !== node && other.engine.status().role === 'leader'),
    );
    cluster.stop();
  });

  it('stops waiting for what a graceful stop waits for', async () => {
    const cluster = await TestCluster.start(3);
    cluster.run('a leader', () => cluster.leader > 0);
    const node = cluster.node(cluster.leader);
    const { client, session } = cluster.clientWithSession(cluster.leader);
    node.diskIsStuck = true;
    client.request(session, ['fill a 10']);
    cluster.run('the write', () => node.journal.pendingAppends > 0);
    let isDone = false;
    node.engine.stop(() => {
      isDone = true;
    });
    assert.equal(isDone, false, 'its write is not flushed');
    node.journal.fail();
    node.journal.flush();
    assert.equal(isDone, true);
    assert.equal((node.fatal as { code?: string } | undefined)?.code, 'JOURNAL_IO');
    cluster.stop();
  });
});
