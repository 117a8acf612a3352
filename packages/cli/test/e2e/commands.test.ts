/**
 * Purpose: every command of `quorate` against a real cluster of three processes: values in and out, exit codes,
 * status before and after a loss, the journal afterwards.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { freePorts, ProcessCluster } from '#src/spawn/index.ts';
import { quorate, type Run, type RunOptions, spawnQuorate } from '../helpers/run-quorate.ts';
import { TemporaryDirectory } from '../helpers/temporary-directory.ts';

type StatusNode = {
  id: number;
  addr: string;
  role: string;
  ballot: { round: number; node: number } | null;
  pid: number | null;
  appliedSlot: number | null;
};
type Status = { leader: number | null; quorum: boolean; nodes: StatusNode[] };

describe('commands against a cluster', function () {
  this.timeout(60_000);
  let cluster: ProcessCluster;
  before(async () => {
    cluster = await ProcessCluster.start({ nodes: 3, settings: { profile: true } });
  });
  after(() => cluster.stop());

  /** In the directory of the config file, as most people would. */
  const at = (args: readonly string[], options: RunOptions = {}): Promise<Run> =>
    quorate(args, { cwd: cluster.directory, ...options });

  it('sets, gets and deletes, through any node', async () => {
    const set = await at(['set', 'some key', 'a "quoted" value\n', '-e', cluster.addr(1)]);
    assert.deepEqual([set.code, set.stderr], [0, '']);
    for (const node of [1, 2, 3]) {
      const get = await at(['get', 'some key', '-e', cluster.addr(node)]);
      assert.deepEqual([get.code, get.stdout], [0, 'a "quoted" value\n'], `node ${node}`);
    }
    const old = await at(['del', 'some key']);
    assert.deepEqual([old.code, old.stdout], [0, 'a "quoted" value\n\n']);
    const gone = await at(['get', 'some key']);
    assert.deepEqual([gone.code, gone.stdout, gone.stderr], [4, '', '']);
    assert.equal((await at(['del', 'some key'])).stdout, '(nil)\n');
  });

  it('keeps every byte of a value from standard input to standard output', async () => {
    const value = Buffer.from(Array.from({ length: 100_000 }, (_, index) => (index * 7919) % 256));
    assert.equal((await at(['set', 'bytes', '-'], { input: value })).code, 0);
    assert.ok((await at(['get', 'bytes'])).bytes.equals(value));
    const json = JSON.parse((await at(['get', 'bytes', '-w', 'json'])).stdout) as {
      valueBase64: string;
      found: boolean;
    };
    assert.ok(Buffer.from(json.valueBase64, 'base64').equals(value));
    assert.equal(json.found, true);
  });

  it('refuses what is too large before it is proposed', async () => {
    const run = await at(['set', 'large', '-'], { input: Buffer.alloc(2 * 1024 * 1024) });
    assert.equal(run.code, 1);
    assert.match(run.stderr, /^quorate: TOO_LARGE: .*\(not executed\)\n$/);
  });

  it("reads one word of exec as the backend's text, several as its arguments", async () => {
    assert.equal((await at(['exec', 'SET text "x y"'])).stdout, 'x y\n');
    assert.equal((await at(['exec', 'SET', 'words', '"x y"'])).stdout, '"x y"\n');
    assert.equal(
      (await at(['exec', 'GET', 'text', '--consistency', 'stale', '-e', cluster.addr(2)])).code,
      0,
    );
    const bad = await at(['exec', 'FROB']);
    assert.equal(bad.code, 2);
    assert.match(bad.stderr, /^quorate: PARSE: /);
  });

  it('explains a command without executing it', async () => {
    assert.equal((await at(['explain', 'set explained 1'])).stdout, 'logged: SET explained 1\n');
    assert.equal(
      (await at(['explain', 'GET', 'explained', '-e', cluster.addr(2)])).stdout,
      'read, not logged: GET explained\n',
    );
    assert.match((await at(['explain', 'frob'])).stdout, /^refused: unknown command "frob"\n$/);
    assert.equal((await at(['get', 'explained'])).code, 4);
    const nobody = await at(['explain', 'set k v', '-e', '127.0.0.1:1']);
    assert.match(nobody.stderr, /^quorate: CANNOT_CONNECT: no node explained it: 127\.0\.0\.1:1: /);
  });

  it('runs lines from a pipe in order and stops at the first failure', async () => {
    const input = '# comment\n\nset "a key" \'its value\'\nget "a key"\nget none\nfrob\nset never here\n';
    const run = await at(['repl', cluster.addr(2)], { input });
    assert.equal(run.stdout, 'its value\nits value\n(nil)\n');
    assert.match(run.stderr, /^quorate: line 6: PARSE: /);
    assert.equal(run.code, 2);
    assert.equal((await at(['get', 'never'])).code, 4);
  });

  it('sees the whole cluster through one endpoint', async () => {
    const run = await at(['status', '-w', 'json', '-e', cluster.addr(3)]);
    assert.equal(run.code, 0);
    const status = JSON.parse(run.stdout) as Status;
    assert.equal(status.quorum, true);
    assert.deepEqual(
      status.nodes.map(({ id, addr, pid }) => ({ id, addr, pid })),
      [1, 2, 3].map((id) => ({ id, addr: cluster.addr(id), pid: cluster.process(id).pid })),
    );
    assert.deepEqual(
      status.nodes.filter(({ role }) => role === 'leader').map(({ id }) => id),
      [status.leader],
    );
    assert.match((await at(['status'])).stdout, /3 of 3 nodes answer, node \d leads\n$/);
  });

  it('runs on when nobody reads the lines of a node any more', async () => {
    using directory = new TemporaryDirectory();
    const [port = 0] = await freePorts(1);
    const addr = `127.0.0.1:${port}`;
    const node = spawnQuorate(['start', '--addrs', addr, '--log-level', 'debug'], { cwd: directory.path });
    try {
      await once(node.stdout ?? node, 'data');
      node.stdout?.destroy();
      node.stderr?.destroy();
      for (const key of ['a', 'b', 'c']) assert.equal((await quorate(['set', key, 'v', '-e', addr])).code, 0);
    } finally {
      node.kill('SIGTERM');
    }
    assert.deepEqual(await once(node, 'exit'), [0, null]);
  });

  it('refuses to start a node twice, in one line', async () => {
    const again = await at(['start', '1']);
    assert.deepEqual([again.code, again.stdout], [1, '']);
    assert.equal(
      again.stderr,
      `quorate: ADDRESS_IN_USE: another process listens at ${cluster.addr(1)}; is node 1 running already?\n`,
    );
    const none = await at(['start', '_']);
    assert.equal(none.code, 1);
    assert.match(none.stderr, /^quorate: ADDRESS_IN_USE: every address of this machine is in use\n/);
    const locked = await at(['inspect', join(cluster.dataDirectory, 'node-1')]);
    assert.equal(locked.code, 1);
    assert.match(locked.stderr, /^quorate: JOURNAL_LOCKED: /);
  });

  it('shows a loss, and the end of the quorum, with its exit code', async () => {
    const leader = await cluster.waitForLeader();
    await cluster.kill(leader);
    await cluster.waitForLeader();
    const degraded = JSON.parse((await at(['status', '-w', 'json'])).stdout) as Status;
    assert.equal(degraded.quorum, true);
    assert.equal(degraded.nodes[leader - 1]?.role, 'unreachable');
    const [second = 0] = cluster.running();
    await cluster.kill(second);
    const dead = await at(['status', '-w', 'json']);
    assert.equal(dead.code, 5);
    const { quorum, leader: claimed } = JSON.parse(dead.stdout) as Status;
    assert.deepEqual({ quorum, claimed }, { quorum: false, claimed: null });
    const write = await at(['set', 'k', 'v', '--timeout', '700ms']);
    assert.equal(write.code, 124);
    assert.match(write.stderr, /^quorate: TIMEOUT: no result within 700 ms; .*\n$/);
    cluster.restart(leader);
    cluster.restart(second);
    await cluster.waitForLeader();
    assert.equal((await at(['get', 'a key'])).stdout, 'its value');
  });

  it('stops gracefully, writes its profile, and leaves equal journals', async () => {
    for (const node of [1, 2, 3]) await cluster.waitUntilCaughtUp(node);
    for (const node of [1, 2, 3]) assert.equal(await cluster.terminate(node), true);
    for (const node of [1, 2, 3]) assert.deepEqual(cluster.process(node).exit, { code: 0, signal: null });
    const directory = (node: number): string => join(cluster.dataDirectory, `node-${node}`);
    assert.equal(readdirSync(directory(1)).filter((name) => name.endsWith('.cpuprofile')).length > 0, true);
    const logs = await Promise.all(
      [1, 2, 3].map(async (node) => contentOf(await at(['inspect', directory(node), '-w', 'json']))),
    );
    const shortest = Math.min(...logs.map((log) => log.length));
    assert.ok(shortest > 10);
    assert.deepEqual(logs[1]?.slice(0, shortest), logs[0]?.slice(0, shortest));
    assert.deepEqual(logs[2]?.slice(0, shortest), logs[0]?.slice(0, shortest));
    assert.ok(logs[0]?.join('\n').includes('SET \\"a key\\" \\"its value\\"'));
    const simple = await at(['inspect', directory(2), '--limit', '3']);
    assert.match(simple.stdout, /^# node 2 of cluster [0-9a-f]{32}, group 0\n/);
    assert.match(simple.stdout, /\n +1 +\d+\.\d {2}chosen +open session\n/);
    const several = await at(['inspect', cluster.dataDirectory]);
    assert.equal(several.code, 2);
    assert.match(several.stderr, /holds 3 nodes: say which one\n/);
  });
});

/** What each chosen slot holds; under which ballot a node stored it may differ. */
function contentOf({ stdout }: Run): string[] {
  const entries = stdout
    .split('\n')
    .filter((line) => line !== '')
    .map(
      (line) =>
        JSON.parse(line) as {
          slot: number;
          kind: string;
          groups?: unknown;
          chosen: boolean;
          intact: boolean;
        },
    );
  assert.ok(entries.every(({ intact }) => intact));
  return entries
    .filter(({ chosen }) => chosen)
    .map(({ slot, kind, groups }) => JSON.stringify({ slot, kind, groups }));
}
