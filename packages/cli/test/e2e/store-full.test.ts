/**
 * Purpose: a node whose store is full goes on voting, `status` says why it waits, and it goes on by itself when there is
 * room again.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { poll } from '#src/spawn/index.ts';
import { quorate, spawnQuorate } from '../helpers/run-quorate.ts';
import { TemporaryDirectory } from '../helpers/temporary-directory.ts';

const READY_TIMEOUT_MS = 60_000;
const STATUS_TIMEOUT_MS = 30_000;

type Node = {
  readonly id: number;
  readonly addr: string;
  readonly pid: number;
  readonly role: string;
  readonly appliedSlot: number;
  readonly trouble: string | null;
};

describe('a node whose store is full', function () {
  this.timeout(150_000);

  it('votes on, says so in status, and catches up when there is room', async () => {
    using directory = new TemporaryDirectory();
    const cwd = directory.path;
    const up = spawnQuorate(['up', '--backend', 'redis', '--temporary', '--no-repl'], { cwd });
    try {
      const said = await saidUntil(up.stderr, /store 3 .*\n/);
      const addrs = [...said.matchAll(/node \d {2}(\S+)/g)].map(([, addr = '']) => addr);
      const ports = [...said.matchAll(/store \d {2}redis:\/\/127\.0\.0\.1:(\d+)/g)].map(([, port]) =>
        Number(port),
      );
      const set = async (value: string): Promise<void> => {
        const run = await quorate(['exec', '-e', addrs.join(), 'SET', 'a', value], { cwd });
        assert.deepEqual([run.code, run.stdout], [0, 'OK\n'], run.stderr);
      };
      const nodesWhen = (is: (nodes: readonly Node[]) => boolean): Promise<readonly Node[]> =>
        nodesOf(addrs, cwd, is);

      const before = await nodesWhen((nodes) => {
        const roles = nodes.map(({ role }) => role).sort();
        return roles.join() === 'follower,follower,leader';
      });
      const [full, other] = before.filter(({ role }) => role !== 'leader') as [Node, Node];
      await setMaxMemory(ports[full.id - 1] ?? 0, 1);
      await set('1');
      const words = /^(retrying|its store): Redis at \S+: it is out of memory; raise maxmemory$/;
      await nodesWhen((nodes) => words.test(nodes[full.id - 1]?.trouble ?? ''));
      // Two nodes are left, one of them the full one: without its vote nothing is chosen.
      process.kill(other.pid, 'SIGKILL');
      await set('2');
      await setMaxMemory(ports[full.id - 1] ?? 0, 0);
      await nodesWhen((nodes) => {
        const leader = nodes.find(({ role }) => role === 'leader');
        const { trouble, appliedSlot } = nodes[full.id - 1] as Node;
        return trouble === null && leader?.appliedSlot === appliedSlot;
      });
      const read = await quorate(['exec', '-e', full.addr, 'GET', 'a'], { cwd });
      assert.equal(read.stdout, '2\n', read.stderr);
    } finally {
      up.kill('SIGTERM');
      await once(up, 'close');
    }
  });
});

async function saidUntil(stream: NodeJS.ReadableStream | null, wanted: RegExp): Promise<string> {
  let said = '';
  stream?.on('data', (text: Buffer) => {
    said += text.toString();
  });
  await poll(
    () => (wanted.test(said) ? true : undefined),
    READY_TIMEOUT_MS,
    () => new Error(`not ready: ${said}`),
  );
  return said;
}

/** What `status` says of the nodes, once it says what is waited for. */
function nodesOf(
  addrs: readonly string[],
  cwd: string,
  is: (nodes: readonly Node[]) => boolean,
): Promise<readonly Node[]> {
  let last = '';
  const ask = async (): Promise<readonly Node[] | undefined> => {
    last = (await quorate(['status', '-e', addrs.join(), '-w', 'json'], { cwd })).stdout;
    const { nodes } = JSON.parse(last) as { readonly nodes: readonly Node[] };
    return is(nodes) ? nodes : undefined;
  };
  return poll(ask, STATUS_TIMEOUT_MS, () => new Error(`status: ${last}`));
}

async function setMaxMemory(port: number, bytes: number): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  socket.write(`CONFIG SET maxmemory ${bytes}\r\n`);
  const [said] = (await once(socket, 'data')) as [Buffer];
  socket.destroy();
  assert.equal(said.toString(), '+OK\r\n');
}
