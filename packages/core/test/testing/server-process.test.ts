/** A program beside this process: waited for with a bound, quoted when it fails, and never left behind. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { isProgram, ServerProcess } from '#src/testing/index.ts';

const MODULE = new URL('../../dist/testing/index.js', import.meta.url).href;
const WAITING = 'setInterval(() => {}, 1000);';

function run(script: string): ServerProcess {
  const { execPath: program } = process;
  return new ServerProcess({ name: 'the server', program, args: ['-e', script], directory: tmpdir() });
}

describe('a server process', () => {
  it('is ready when it says so, and is gone once it was killed or told to end', async () => {
    for (const finish of ['kill', 'end'] as const) {
      const server = run(`console.log('here I am'); ${WAITING}`);
      await server.untilReady(() => server.log.includes('here I am'), 60_000);
      assert.ok(isAlive(server.pid) && !server.hasEnded);
      await (finish === 'kill' ? server.kill() : server.end('SIGTERM'));
      assert.ok(server.hasEnded && !isAlive(server.pid));
      await server.kill();
    }
  });

  it('that ends instead of getting ready is quoted', async () => {
    const server = run(`console.error('no room here'); process.exitCode = 3;`);
    await assert.rejects(
      server.untilReady(() => false, 60_000),
      { message: 'the server did not start:\nno room here\n' },
    );
  });

  it('that is not ready in time is killed', async () => {
    const server = run(WAITING);
    await assert.rejects(
      server.untilReady(() => false, 1),
      { message: 'the server was not ready after 1 ms:\n' },
    );
    assert.ok(server.hasEnded);
  });

  it('that cannot be run says why', async () => {
    const program = '/nowhere/at-all';
    assert.equal(isProgram(program), false);
    const server = new ServerProcess({ name: 'the server', program, args: [], directory: tmpdir() });
    await assert.rejects(
      server.untilReady(() => server.log !== '' && !server.hasEnded, 60_000),
      /the server did not start/,
    );
    assert.equal(server.pid, 0);
  });

  it('ends when the process that started it does, whatever it was waiting for', async () => {
    const script = `
      const { ServerProcess } = await import(process.argv[1]);
      const server = new ServerProcess({ name: 's', program: process.execPath, args: ['-e', '${WAITING}'], directory: '/' });
      console.log(server.pid);
      process.exit();`;
    const pid = Number(
      execFileSync(process.execPath, ['--input-type=module', '-e', script, MODULE], { encoding: 'utf8' }),
    );
    assert.ok(pid > 0);
    while (isAlive(pid)) await new Promise((resolve) => setImmediate(resolve));
  });
});

/** A process that has ended and was not waited for yet counts as ended. */
function isAlive(pid: number): boolean {
  try {
    return !/^\d+ \S+ Z/.test(
      execFileSync('ps', ['-o', 'pid=,comm=,stat=', '-p', String(pid)], { encoding: 'utf8' }).trim(),
    );
  } catch {
    return false;
  }
}
