/**
 * Purpose: a node that must not run says why in one clear line and exits with status 1: its port or directory is
 * taken, its directory is another node's, another cluster's or an old copy, its settings are wrong, or its peers
 * know it with another storage. The nodes that do run notice nothing.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { cpSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { freePorts, NodeProcess } from '#src/spawn/index.ts';
import { QUORATE, quorate, type Run } from '../helpers/run-quorate.ts';
import { type Scene, useScene } from './support/scene.ts';
import { askStanding, standingOf, waitForOnePosition } from './support/standing.ts';

/** What a refused start leaves on standard error apart from the lines of the logger, which are JSON. */
function complaint(run: Run): string {
  assert.deepEqual([run.code, run.stdout], [1, '']);
  return plainLines(run.stderr);
}

function plainLines(text: string): string {
  return text
    .split('\n')
    .filter((line) => !line.startsWith('{'))
    .join('\n');
}

describe('a node that must not run', function () {
  this.timeout(60_000);
  const scene = useScene({ nodes: 3 });

  /** A config file like the cluster's with other ports, beside it; `more` are further lines. */
  async function otherConfig(
    name: string,
    more = '',
  ): Promise<{ readonly path: string; readonly ports: number[] }> {
    const path = join(scene().cluster.directory, name);
    const ports = await freePorts(3);
    const addrs = ports.map((port) => `  - 127.0.0.1:${port}\n`).join('');
    writeFileSync(path, `addrs:\n${addrs}${more}`);
    return { path, ports };
  }

  const directoryOf = (node: number): string => join(scene().cluster.dataDirectory, `node-${node}`);

  /** Starts a node that must end by itself, with status 1; gives what it said. */
  async function lastLifeOf(node: number): Promise<string> {
    const { cluster } = scene();
    const before = readFileSync(cluster.logPath(node), 'utf8').length;
    cluster.restart(node);
    await cluster.waitFor(`node ${node} to end`, () => cluster.process(node).exit !== undefined);
    assert.deepEqual(cluster.process(node).exit, { code: 1, signal: null });
    return plainLines(readFileSync(cluster.logPath(node), 'utf8').slice(before));
  }

  it('because another program has its port', async () => {
    const { path, ports } = await otherConfig('taken.yaml', 'dataDir: ./taken\n');
    const server = createServer();
    server.listen(ports[1], '127.0.0.1');
    await once(server, 'listening');
    try {
      assert.equal(
        complaint(await quorate(['start', '2', '--config', path])),
        `quorate: ADDRESS_IN_USE: another process listens at 127.0.0.1:${ports[1]}; is node 2 running already?\n`,
      );
    } finally {
      server.close();
    }
  });

  it('because a node that runs has its directory', async () => {
    const { cluster } = scene();
    const { path } = await otherConfig('same-data.yaml', `dataDir: ${cluster.dataDirectory}\n`);
    const refused = await quorate(['start', '1', '--config', path]);
    assert.equal(
      complaint(refused),
      `quorate: JOURNAL_LOCKED: the journal in ${join(directoryOf(1), 'journal')} is in use by process ${cluster.process(1).pid}: stop it, or use another directory\n`,
    );
    assert.equal(await scene().client().set('after the second start', 'v'), 'v');
  });

  it("because its directory is another node's", async () => {
    const { cluster } = scene();
    await cluster.terminate(2);
    const away = `${directoryOf(2)}-away`;
    renameSync(directoryOf(2), away);
    await cluster.terminate(3);
    cpSync(directoryOf(3), directoryOf(2), { recursive: true });
    const refused = await quorate(['start', '2', '--config', cluster.configPath]);
    assert.equal(
      complaint(refused),
      `quorate: JOURNAL_FOREIGN: the journal in ${join(directoryOf(2), 'journal')} belongs to node 3, but this node is node 2: check the data directory and the addresses\n`,
    );
    rmSync(directoryOf(2), { recursive: true });
    renameSync(away, directoryOf(2));
    cluster.restart(2);
    cluster.restart(3);
    await cluster.waitForLeader();
    await waitForOnePosition(cluster);
  });

  it("because its directory is another cluster's", async () => {
    const { cluster } = scene();
    await cluster.terminate(3);
    const text = readFileSync(cluster.configPath, 'utf8');
    const path = join(cluster.directory, 'other-cluster.yaml');
    writeFileSync(path, `${text}cluster: another\n`);
    assert.match(
      complaint(await quorate(['start', '3', '--config', path])),
      /^quorate: JOURNAL_FOREIGN: the journal in .* belongs to cluster [0-9a-f]{32}, but this node is cluster [0-9a-f]{32}: check the data directory and the addresses\n$/,
    );
    cluster.restart(3);
    await waitForOnePosition(cluster);
  });

  it('because its log was written for another backend', async () => {
    const { cluster } = scene();
    await cluster.terminate(3);
    const text = readFileSync(cluster.configPath, 'utf8');
    const path = join(cluster.directory, 'other-backend.yaml');
    writeFileSync(path, text.replace(/^backend: .*$/m, 'backend: redis'));
    assert.match(
      complaint(await quorate(['start', '3', '--config', path])),
      /^quorate: JOURNAL_FOREIGN: the log in .*node-3 was written for the backend kv, and this node has redis: choose kv/,
    );
    cluster.restart(3);
    await waitForOnePosition(cluster);
  });

  for (const node of [1, 3]) {
    it(`because its directory was wiped: node ${node}, which ${node === 1 ? 'dials its peers' : 'is dialled'}`, async () => {
      const { cluster } = scene();
      await scene().client().set('before the wipe', String(node));
      await cluster.kill(node);
      const kept = `${directoryOf(node)}-kept`;
      renameSync(directoryOf(node), kept);
      assert.match(
        await lastLifeOf(node),
        /(?:^node \d ready .*\n)?^quorate: STORAGE_REPLACED: node \d knows this node with another storage \(node \d is known with storage [0-9a-f]{8}, not [0-9a-f]{8}\)\. A node that lost or swapped its data directory has forgotten its promises and must not vote as the same node: put the old directory back\n$/m,
      );
      const refusals = await Promise.all(
        cluster.running().map(async (peer) => (await standingOf(cluster, peer)).network.peers),
      );
      assert.ok(refusals.some((counters) => (counters['refused.STORAGE_REPLACED'] ?? 0) > 0));
      assert.equal(await scene().client().get('before the wipe'), String(node));
      rmSync(directoryOf(node), { recursive: true });
      renameSync(kept, directoryOf(node));
      cluster.restart(node);
      await waitForOnePosition(cluster);
      assert.equal(await scene().clientOf(node).get('before the wipe'), String(node));
    });
  }

  it('because its directory is an old copy of the right one', async () => {
    const { cluster } = scene();
    // Its peers have to meet each of its lives: what they never saw they cannot tell from an older one.
    const met = (): Promise<void> =>
      cluster.waitFor('node 3 to meet its peers', async () => {
        const standing = await askStanding(cluster, 3);
        return standing?.peers.every(({ up }) => up) ?? false;
      });
    await met();
    assert.equal(await cluster.terminate(3), true);
    const copy = `${directoryOf(3)}-copy`;
    const right = `${directoryOf(3)}-right`;
    cpSync(directoryOf(3), copy, { recursive: true });
    cluster.restart(3);
    await met();
    assert.equal(await cluster.terminate(3), true);
    renameSync(directoryOf(3), right);
    renameSync(copy, directoryOf(3));
    assert.match(
      await lastLifeOf(3),
      /^quorate: STORAGE_REPLACED: node \d knows this node with another storage \(.*(?:was its directory copied|a copy of its data directory)\?\)\. .*: put the old directory back\n$/m,
    );
    rmSync(directoryOf(3), { recursive: true });
    renameSync(right, directoryOf(3));
    cluster.restart(3);
    await waitForOnePosition(cluster);
  });

  it('because of its settings, with the place and a caret', async () => {
    const { path: unknownKey } = await otherConfig('unknown-key.yaml', 'heartbeatMS: 50\n');
    assert.equal(
      complaint(await quorate(['start', '1', '--config', unknownKey])),
      `quorate: CONFIG_INVALID: ${unknownKey}:5:1: heartbeatMS: unknown key\n    5 | heartbeatMS: 50\n      | ^\n    did you mean heartbeatMs?\n`,
    );
    const twice = join(scene().cluster.directory, 'twice.yaml');
    writeFileSync(twice, 'addrs:\n  - 127.0.0.1:7001\n  - 127.0.0.1:7001\n');
    assert.equal(
      complaint(await quorate(['start', '1', '--config', twice])),
      `quorate: CONFIG_INVALID: ${twice}:3:5: addrs.1: 127.0.0.1:7001 is already node 1\n    3 |   - 127.0.0.1:7001\n      |     ^\n    every node needs its own host:port\n`,
    );
    const foreign = join(scene().cluster.directory, 'foreign.yaml');
    writeFileSync(foreign, 'addrs: [192.0.2.7:7001]\ninsecure: true\n');
    assert.equal(
      complaint(await quorate(['start', '1', '--config', foreign])),
      `quorate: CONFIG_INVALID: ${foreign}:1:9: addrs.0: 192.0.2.7:7001 does not belong to this machine\n    1 | addrs: [192.0.2.7:7001]\n      |         ^\n    start this node on the machine that has the address, or correct the list\n`,
    );
  });
});

describe('a node of another cluster at the same addresses', function () {
  this.timeout(60_000);
  const scene = useScene({ nodes: 3 });
  let stranger: NodeProcess | undefined;
  afterEach(() => stranger?.kill());

  it('is refused by all, leads nobody and disturbs nobody', async () => {
    const { cluster } = scene();
    const leader = await cluster.waitForLeader();
    const { ballot } = await standingOf(cluster, leader);
    const addr = await startStranger(scene());
    await cluster.waitFor('two refusals', async () => {
      const counts = await Promise.all(
        [2, 3].map(async (node) => (await standingOf(cluster, node)).network.peers),
      );
      return counts.every((counters) => (counters['refused.WIRE_WRONG_CLUSTER'] ?? 0) > 0);
    });
    const theirs = await quorate(['set', 'k', 'theirs', '--endpoints', addr, '--timeout', '1s']);
    assert.equal(theirs.code, 124);
    assert.match(theirs.stderr, /^quorate: TIMEOUT: .*not executed.*\n$/);
    assert.equal(await scene().client().set('k', 'ours'), 'ours');
    assert.deepEqual((await standingOf(cluster, leader)).ballot, ballot);
    assert.equal(await stranger?.terminate(5000), true);
    assert.deepEqual(stranger?.exit, { code: 0, signal: null });
    assert.match(stranger?.logTail() ?? '', /"code":"WIRE_WRONG_CLUSTER"/);
  });

  /** Its config lists a port of its own and two of the cluster's. */
  async function startStranger({ cluster }: Scene): Promise<string> {
    const [port = 0] = await freePorts(1);
    const path = join(cluster.directory, 'stranger.yaml');
    const addrs = [`127.0.0.1:${port}`, cluster.addr(2), cluster.addr(3)];
    writeFileSync(path, `addrs: [${addrs.join(', ')}]\ndataDir: ./stranger\ncluster: another\n`);
    stranger = new NodeProcess({
      program: process.execPath,
      args: [QUORATE, 'start', '1', '--config', path],
      cwd: cluster.directory,
      logPath: join(cluster.directory, 'stranger.log'),
    });
    return addrs[0] ?? '';
  }
});
