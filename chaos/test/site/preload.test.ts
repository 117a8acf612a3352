/** Purpose: a process under the preload dials by its routes and tells the time that its clock file says, from then on. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { PRELOAD_FLAG } from '#src/nodes/chaos-cluster.ts';
import { CLOCK_FILE_VARIABLE, ROUTES_VARIABLE, readRoutes, writeRoutes } from '#src/site/environment.ts';
import { EchoServer, until } from '../network/echo.ts';

const DIALLER = fileURLToPath(new URL('dialler.js', import.meta.url));
const HOUR_MS = 3_600_000;

describe('preload', function () {
  this.timeout(20_000);

  it('redirects what the process dials and bends its wall clock', async () => {
    await using echo = await EchoServer.listen();
    const directory = mkdtempSync(join(tmpdir(), 'quorate-preload-'));
    const clockFile = join(directory, 'clock');
    // Nobody listens at the address that the process is told; port 1 needs rights that nobody uses.
    const routes = writeRoutes(new Map([['127.0.0.1:1', `127.0.0.1:${echo.port}`]]));
    const child = spawn(process.execPath, [PRELOAD_FLAG, DIALLER, '127.0.0.1:1'], {
      env: { ...process.env, [ROUTES_VARIABLE]: routes, [CLOCK_FILE_VARIABLE]: clockFile },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    try {
      const lines: string[] = [];
      createInterface(child.stdout).on('line', (line) => lines.push(line));
      await until('the answer', () => lines.length > 1);
      assert.equal(lines[0], 'ping');
      assert.equal(echo.heard, 'ping');
      const offset = (): number => Number(lines.at(-1)) - Date.now();
      await until('the true time', () => Math.abs(offset()) < 2000);
      writeFileSync(clockFile, String(-HOUR_MS));
      await until('an hour ago', () => Math.abs(offset() + HOUR_MS) < 2000);
      child.stdin.write('end\n');
      const [code] = (await once(child, 'close')) as [number | null];
      assert.equal(code, 0);
    } finally {
      child.kill('SIGKILL');
      rmSync(directory, { recursive: true, force: true });
    }
  });

  it('reads back the routes that were written', () => {
    const routes = new Map([
      ['127.0.0.1:1', '127.0.0.1:2'],
      ['localhost:3', '127.0.0.1:4'],
    ]);
    assert.deepEqual(readRoutes(writeRoutes(routes)), routes);
    assert.deepEqual(readRoutes(undefined), new Map());
  });
});
