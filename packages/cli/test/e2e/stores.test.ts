/**
 * Purpose: `quorate up --backend NAME --temporary` needs no configuration for backends with servers: it starts one for each
 * node, every node gives the right answer in the backend's own language, and nothing is left when it ends or is killed.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { poll } from '#src/spawn/index.ts';
import { quorate, spawnQuorate } from '../helpers/run-quorate.ts';
import { TemporaryDirectory } from '../helpers/temporary-directory.ts';

const READY_TIMEOUT_MS = 90_000;
const GONE_TIMEOUT_MS = 30_000;

const LANGUAGES = [
  {
    backend: 'redis',
    write: 'HSET user name ann age 30\n',
    written: '2\n',
    read: 'HGETALL user\nGET nothing\n',
    answer: 'age\n30\nname\nann\n(nil)\n',
    exec: ['HGET', 'user', 'name'],
    executed: 'ann\n',
    refused: ['DEBUG SLEEP 1\n', 2],
  },
  {
    backend: 'postgres',
    write: "CREATE TABLE users (name text PRIMARY KEY,\n age int);\nINSERT INTO users VALUES ('ann', 30);\n",
    written: 'CREATE\nINSERT 0 1\n',
    read: 'SELECT name, age\nFROM users;\n',
    answer: ' name | age\n------+-----\n ann  |  30\n(1 row)\n',
    exec: ['SELECT age FROM users'],
    executed: ' age\n-----\n  30\n(1 row)\n',
    refused: ['VACUUM;\n', 2],
  },
] as const;

describe('throw-away servers', function () {
  this.timeout(150_000);

  for (const { backend, write, written, read, answer, exec, executed, refused } of LANGUAGES) {
    it(`of ${backend}: every node answers in its language, and nothing outlives a kill`, async () => {
      using directory = new TemporaryDirectory();
      const cwd = directory.path;
      const child = spawnQuorate(['up', '--backend', backend, '--temporary', '--no-repl'], { cwd });
      let said = '';
      child.stderr?.on('data', (text: Buffer) => {
        said += text.toString();
      });
      try {
        await poll(
          () => (/store 3 .*\n/.test(said) || child.exitCode !== null ? true : undefined),
          READY_TIMEOUT_MS,
          () => new Error(`not ready: ${said}`),
        );
        const addrs = [...said.matchAll(/node \d {2}(\S+)/g)].map(([, addr = '']) => addr);
        assert.equal(addrs.length, 3, said);
        const repl = (addr: string, input: string): ReturnType<typeof quorate> =>
          quorate(['repl', '-e', addr], { cwd, input });
        const first = await repl(addrs[0] ?? '', write);
        assert.deepEqual([first.stdout, first.stderr], [written, '']);
        for (const addr of addrs) assert.equal((await repl(addr, read)).stdout, answer, `node at ${addr}`);
        assert.equal((await quorate(['exec', '-e', addrs[1] ?? '', ...exec], { cwd })).stdout, executed);
        const bad = await repl(addrs[2] ?? '', refused[0]);
        assert.equal(bad.code, refused[1], bad.stderr);
      } finally {
        child.kill('SIGKILL');
        await once(child, 'close');
      }
      const pids = [...said.matchAll(/pid (\d+)/g)].map(([, pid]) => Number(pid));
      assert.equal(pids.length, 6);
      const [, data = ''] = /data in (\S+),/.exec(said) ?? [];
      assert.match(data, /quorate-up-/);
      await poll(
        () => (pids.some(isAlive) || existsSync(data) ? undefined : true),
        GONE_TIMEOUT_MS,
        () => new Error(`still there: ${data}, ${pids.filter(isAlive).join(' ')}`),
      );
    });
  }
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
