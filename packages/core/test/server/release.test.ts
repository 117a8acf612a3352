/** What a node holds is given back also when a part of it cannot be closed. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { QuorateError } from '@quorate/wire';
import { DEFAULT_SETTINGS, type Settings } from '#src/config/settings.ts';
import { type Backend, BackendUnavailable, defineBackend } from '#src/ports/index.ts';
import { SILENT_LOGGER } from '#src/ports/logger.ts';
import { asNodeId } from '#src/protocol/types.ts';
import { DEFAULT_RUNTIME_LIMITS } from '#src/runtime/limits.ts';
import { openJournalDump } from '#src/server/journals.ts';
import { closeAll } from '#src/server/release.ts';
import { startServer } from '#src/server/start-server.ts';

describe('a node whose backend cannot be closed', () => {
  let dataDir: string;
  let holder: Server;
  let settings: Settings;
  beforeEach(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'quorate-release-'));
    holder = createServer();
    await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
    const address = holder.address();
    assert.ok(address !== null && typeof address === 'object');
    settings = { ...DEFAULT_SETTINGS, addrs: [`127.0.0.1:${address.port}`], dataDir, origins: {} } as never;
  });
  afterEach(async () => {
    if (holder.listening) await closed(holder);
    rmSync(dataDir, { recursive: true });
  });

  it('stops all the same, says what went wrong, and gives back the lock of its journal', async () => {
    await closed(holder);
    const server = await start();
    await assert.rejects(server.stop(), { message: 'the store hangs on' });
    assert.equal(await server.stopped, undefined);
    assertUnlocked();
  });

  it('says why it could not start, and gives back the lock of its journal', async () => {
    await assert.rejects(start(), { code: 'ADDRESS_IN_USE' });
    assertUnlocked();
  });

  it('leaves its store alone once it could not start, also one that was away', async () => {
    const backend = clinging();
    const asked: string[] = [];
    let signal: AbortSignal | undefined;
    backend.open = (context) => {
      ({ signal } = context);
      asked.push('open');
      return Promise.reject(new BackendUnavailable('the store is away'));
    };
    backend.close = async () => void asked.push('close');
    await assert.rejects(start(backend), { code: 'ADDRESS_IN_USE' });
    assertUnlocked();
    await new Promise((resolve) => setTimeout(resolve, 2 * DEFAULT_RUNTIME_LIMITS.backendRetryMs.first));
    assert.deepEqual(asked, ['open', 'close']);
    assert.equal(signal?.aborted, true);
  });

  function start(backend = clinging()): ReturnType<typeof startServer> {
    return startServer({ settings, self: asNodeId(1), backend, logger: SILENT_LOGGER });
  }

  /** @throws JOURNAL_LOCKED */
  function assertUnlocked(): void {
    openJournalDump(join(dataDir, 'node-1', 'journal')).close();
  }
});

describe('closing part by part', () => {
  it('goes on behind a part that does not come to an end, and names it', async () => {
    const closed: string[] = [];
    const parts = [
      { what: 'the disk', close: () => new Promise<void>(() => undefined) },
      { what: 'the lock', close: async () => void closed.push('the lock') },
    ];
    const trouble = await closeAll(parts, 20);
    assert.ok(trouble instanceof QuorateError);
    assert.deepEqual(
      [trouble.code, trouble.message],
      ['TIMEOUT', 'the disk could not be closed within 20 ms'],
    );
    assert.deepEqual(closed, ['the lock']);
  });

  it('says so also in a process that nothing else keeps alive', async () => {
    const script = `
      import { closeAll } from ${JSON.stringify(import.meta.resolve('#src/server/release.ts'))};
      const trouble = await closeAll([{ what: 'the disk', close: () => new Promise(() => {}) }], 20);
      console.log(trouble.message);`;
    const ended = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]);
    assert.equal(ended.stdout, 'the disk could not be closed within 20 ms\n');
  });

  it('goes on behind one that throws, and tells the first trouble of two', async () => {
    const failing = (message: string) => () => {
      throw new Error(message);
    };
    const parts = [
      { what: 'one', close: failing('the first') },
      { what: 'two', close: failing('the second') },
    ];
    assert.equal((await closeAll(parts))?.message, 'the first');
  });
});

function clinging(): Backend {
  const backend = defineBackend({
    name: 'clinging',
    initial: () => ({}),
    parse: () => ({ ok: true, command: 0, access: 'write' }),
    execute: () => 0,
  });
  backend.close = () => Promise.reject(new Error('the store hangs on'));
  return backend;
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}
