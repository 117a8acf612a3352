/** What a node holds is given back also when a part of it cannot be closed. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SYSTEM_CLOCK } from '#src/adapters/system-clock.ts';
import { DEFAULT_SETTINGS, type Settings } from '#src/config/settings.ts';
import type { Clock } from '#src/ports/clock.ts';
import { type Backend, defineBackend } from '#src/ports/index.ts';
import { SILENT_LOGGER } from '#src/ports/logger.ts';
import { asNodeId } from '#src/protocol/types.ts';
import { openJournalDump } from '#src/server/journals.ts';
import { CLOSE_LIMIT_MS, closeAll } from '#src/server/release.ts';
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

  function start(): ReturnType<typeof startServer> {
    return startServer({ settings, self: asNodeId(1), backend: clinging(), logger: SILENT_LOGGER });
  }

  /** @throws JOURNAL_LOCKED */
  function assertUnlocked(): void {
    openJournalDump(join(dataDir, 'node-1', 'journal')).close();
  }
});

describe('closing part by part', () => {
  it('goes on behind a part that does not come to an end, and names it', async () => {
    const limits: (() => void)[] = [];
    const clock = { ...SYSTEM_CLOCK, after: onFire((fire) => limits.push(fire)) };
    const closed: string[] = [];
    const trouble = closeAll(
      [
        { what: 'the disk', close: () => new Promise(() => limits[0]?.()) },
        { what: 'the lock', close: async () => void closed.push('the lock') },
      ],
      clock,
    );
    assert.equal((await trouble)?.message, `the disk could not be closed within ${CLOSE_LIMIT_MS} ms`);
    assert.deepEqual(closed, ['the lock']);
  });

  it('goes on behind one that throws, and tells the first trouble of two', async () => {
    const failing = (message: string) => () => {
      throw new Error(message);
    };
    const parts = [
      { what: 'one', close: failing('the first') },
      { what: 'two', close: failing('the second') },
    ];
    assert.equal((await closeAll(parts, SYSTEM_CLOCK))?.message, 'the first');
  });
});

/** A clock's `after` that hands out what is to happen instead of waiting for it. */
function onFire(hand: (fire: () => void) => void): Clock['after'] {
  return (_delayMs, callback) => {
    hand(callback);
    return { cancel: () => undefined };
  };
}

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
