/**
 * Purpose: a node that is asked to stop leaves in good order: a leader hands over, so that clients wait for nothing
 * and learn of nothing; a second request ends it at once; what is started with one command leaves nothing behind.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { cleanEnvironment } from '../helpers/run-quorate.ts';
import { TemporaryDirectory } from '../helpers/temporary-directory.ts';
import { Background } from './support/background.ts';
import { CounterHistory } from './support/counter-history.ts';
import { counterCluster } from './support/counters.ts';
import { useScene } from './support/scene.ts';
import { standingOf, waitForOnePosition } from './support/standing.ts';

/** So long that nothing in these tests can be the work of a missed heartbeat. */
const ELECTION_TIMEOUT_MS = 20_000;
const NODES = [1, 2, 3];
/** dist-test/e2e is four levels below the root. */
const START_SCRIPT = fileURLToPath(new URL('../../../../scripts/start.mjs', import.meta.url));

describe('a graceful stop', function () {
  this.timeout(60_000);

  describe('of each leader in turn under load', () => {
    const { settings } = counterCluster(3);
    const scene = useScene({ nodes: 3, settings: { ...settings, electionTimeoutMs: ELECTION_TIMEOUT_MS } });

    it('hands leadership over: no error, no unknown outcome, no wait for an election timeout', async () => {
      const { cluster } = scene();
      const history = new CounterHistory();
      const atLeader = scene().client({ timeoutMs: ELECTION_TIMEOUT_MS / 2 });
      const load = new Background(32, async () => {
        await history.increment(atLeader, 'handed over');
      });
      for (let stop = 1; stop <= 3; stop++) {
        const target = history.acknowledged + 300;
        await cluster.waitFor(`increments before stop ${stop}`, () => history.acknowledged >= target);
        const leader = await cluster.waitForLeader();
        const process = cluster.process(leader);
        assert.equal(await cluster.terminate(leader), true);
        assert.deepEqual(process.exit, { code: 0, signal: null });
        const before = history.acknowledged;
        await cluster.waitFor('increments after the stop', () => history.acknowledged >= before + 100);
        cluster.restart(leader);
        await cluster.waitUntilCaughtUp(leader);
      }
      await load.stop();
      assert.deepEqual(history.errors, {});
      await waitForOnePosition(cluster);
      await history.verify(scene().client());
      for (const node of NODES) {
        assert.doesNotMatch(
          readFileSync(cluster.logPath(node), 'utf8'),
          /"level":(?:50|60)/,
          'no error was logged',
        );
      }
    });
  });

  describe('that cannot be finished', () => {
    const scene = useScene({ nodes: 3, settings: { electionTimeoutMs: ELECTION_TIMEOUT_MS } });

    it('is ended by a second Ctrl-C', async () => {
      const { cluster } = scene();
      const client = scene().client({ timeoutMs: 2 * ELECTION_TIMEOUT_MS });
      await client.set('k', 'before');
      const leader = await cluster.waitForLeader();
      for (const node of NODES) if (node !== leader) cluster.pause(node);
      // What has begun must be finished first, and nobody is there to vote for it.
      const unfinished = client.set('k', 'under way');
      await cluster.waitFor('the write to be under way', async () => {
        return (await standingOf(cluster, leader)).inFlightSlots > 0;
      });
      const stopping = cluster.process(leader);
      process.kill(stopping.pid, 'SIGINT');
      await cluster.waitFor('the leader to be stopping', () =>
        stopping.logTail().includes('"msg":"stopping"'),
      );
      assert.equal((await standingOf(cluster, leader)).role, 'leader');
      assert.equal(stopping.exit, undefined);
      process.kill(stopping.pid, 'SIGINT');
      assert.deepEqual(await stopping.ended, { code: 130, signal: null });
      for (const node of NODES) if (node !== leader) cluster.resume(node);
      cluster.restart(leader);
      assert.equal(await unfinished, 'under way', 'a client that may retry is not let down even so');
      assert.equal(await client.get('k'), 'under way');
    });
  });

  it('of everything that npm start has started, at the end of its input', async () => {
    using directory = new TemporaryDirectory();
    const child = spawn(process.execPath, [START_SCRIPT, '--temporary'], {
      cwd: directory.path,
      env: { ...cleanEnvironment(), TMPDIR: directory.path },
      stdio: 'pipe',
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    child.stdin.end('set some_key the_value\nget some_key\n');
    try {
      const [code] = (await once(child, 'close')) as [number | null];
      assert.deepEqual([code, stdout], [0, 'the_value\nthe_value\n'], stderr);
    } finally {
      child.kill('SIGKILL');
    }
    const pids = [...stderr.matchAll(/ pid (\d+)/g)].map(([, pid]) => Number(pid));
    assert.equal(pids.length, 3);
    for (const pid of pids) assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' });
  });
});
