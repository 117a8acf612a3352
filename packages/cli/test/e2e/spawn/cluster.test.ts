/** Purpose: the process helper starts, hurts, restarts and removes real processes, and says why when one fails. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { freePorts } from '@quorate/core/testing';
import { ProcessCluster } from '#src/spawn/cluster.ts';
import { parseStatus } from '#src/spawn/node-status.ts';

const script = fileURLToPath(new URL('./fake-node.js', import.meta.url));

describe('process cluster', function () {
  this.timeout(30_000);

  it('starts all nodes with one config file and ends with nothing left', async () => {
    const cluster = await ProcessCluster.start({ nodes: 3, script, settings: { heartbeatMs: 40 } });
    const config = readFileSync(cluster.configPath, 'utf8');
    assert.deepEqual(cluster.running(), [1, 2, 3]);
    await cluster.waitFor('node 1 to lead', async () => (await cluster.leader()) === 1);
    assert.match(config, /^heartbeatMs: 40$/m);
    assert.match(config, /^backend: "kv"$/m);
    const pids = [1, 2, 3].map((node) => cluster.process(node).pid);
    await cluster.stop();
    assert.equal(existsSync(cluster.directory), false);
    for (const pid of pids) assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' });
  });

  it('sees a new leader after kill -9, and the old one again after its restart', async () => {
    await using cluster = await ProcessCluster.start({ nodes: 3, script });
    await cluster.kill(1);
    assert.deepEqual(cluster.process(1).exit, { code: null, signal: 'SIGKILL' });
    assert.equal(await cluster.waitForLeader(), 2);
    cluster.restart(1);
    await cluster.waitUntilCaughtUp(1);
    await cluster.waitFor('node 1 to lead', async () => (await cluster.leader()) === 1);
    assert.throws(() => cluster.restart(1), { code: 'ARGUMENT' });
  });

  it('pauses a node that then neither answers nor ends, and resumes it', async () => {
    await using cluster = await ProcessCluster.start({ nodes: 3, script });
    cluster.pause(1);
    assert.equal(await cluster.status(1), undefined);
    assert.equal(await cluster.waitForLeader(), 2);
    assert.equal(cluster.process(1).exit, undefined);
    cluster.resume(1);
    await cluster.waitFor('node 1 to lead', async () => (await cluster.leader()) === 1);
  });

  it('fails at once, with the last words of the nodes, when they end instead of electing', async () => {
    const start = ProcessCluster.start({ nodes: 3, script, settings: { failToStart: true } });
    await assert.rejects(start, {
      code: 'NO_LEADER',
      // Two that ended are enough to know that nobody can be elected; the third may end a moment later.
      message:
        /^too few nodes run to elect a leader(\nnode (\d) ended \(status 1\): node \2 refuses to start){2,3}$/,
    });
  });

  it('gives distinct ports below the range of outgoing connections', async () => {
    const ports = await freePorts(20);
    assert.equal(new Set(ports).size, 20);
    for (const port of ports) assert.ok(port >= 15_000 && port < 61_000);
  });

  it('takes nothing for a status that is not one', () => {
    for (const text of ['', 'ok', '[]', 'null', '{}', '{"role":"king","ballot":{}}'])
      assert.equal(parseStatus(text), undefined);
  });
});
