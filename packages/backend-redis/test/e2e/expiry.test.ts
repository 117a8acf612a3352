/** Keys end by log time, at the same slot on every replica; the clock of the server decides nothing. */
import assert from 'node:assert/strict';
import { stopServers } from '../support/servers.ts';
import { Store } from '../support/store.ts';

const HOUR_MS = 3_600_000;

describe('expiry', function () {
  this.timeout(60_000);
  afterEach(stopServers);

  for (const [what, shiftMs] of [
    ['an hour behind', -HOUR_MS],
    ['an hour ahead of', HOUR_MS],
  ] as const)
    it(`a key lives as long as log time says when log time is ${what} the server's clock`, async () => {
      const store = await Store.start();
      store.logTimeMs = Date.now() + shiftMs;
      const startMs = store.logTimeMs + 1;
      assert.deepEqual(await store.write('SET a 1 PX 1000', 'SET b 1 EX 1', 'SET c 1'), ['OK', 'OK', 'OK']);
      assert.deepEqual(await store.write('EXPIRE c 2'), ['(integer) 1']);
      store.logTimeMs = startMs + 998;
      await store.write('SET other 1');
      assert.equal(await store.read('PTTL a'), '(integer) 1');
      assert.equal(await store.read('MULTI; GET a; GET b; GET c; EXEC'), '1) "1" 2) "1" 3) "1"');
      await store.write('SET other 1');
      assert.equal(await store.read('MULTI; GET a; GET b; GET c; EXEC'), '1) (nil) 2) (nil) 3) "1"');
      assert.equal(await store.read('KEYS *'), '1) "c" 2) "other"');
      assert.equal(await store.read('DBSIZE'), '(integer) 2');
    });

  it('two replicas whose slots come at other times of day have equal answers and digests all the way', async () => {
    const [one, other] = [await Store.start(), await Store.start()];
    one.logTimeMs = other.logTimeMs = Date.now() - HOUR_MS;
    for (let slot = 0; slot < 40; slot++) {
      const lines = [
        `SET k${slot % 7} v PX ${10 + slot}`,
        `PEXPIRE k${slot % 3} 5`,
        `INCR k${(slot * 5) % 7}`,
      ];
      assert.deepEqual(await one.write(...lines), await other.write(...lines));
      one.logTimeMs = other.logTimeMs += 7;
      assert.equal(await one.backend.digest(), await other.backend.digest(), `slot ${slot}`);
      assert.equal(await one.read('KEYS *'), await other.read('KEYS *'));
    }
  });

  it('TTL, PTTL, EXPIRETIME and PEXPIRETIME speak of log time, also within an atomic command', async () => {
    const store = await Store.start();
    store.logTimeMs = 1_000_000;
    await store.write('SET a 1', 'SET b 1 PX 10000');
    assert.equal(await store.read('MULTI; TTL a; TTL none; EXEC'), '1) (integer) -1 2) (integer) -2');
    assert.equal(await store.read('PTTL b'), '(integer) 10000');
    assert.equal(await store.read('PEXPIRETIME b'), '(integer) 1010001');
    assert.equal(await store.read('EXPIRETIME b'), '(integer) 1010');
    assert.deepEqual(await store.write('MULTI; TTL b; PEXPIRETIME b; SET c 1; TIME; EXEC'), [
      '1) (integer) 10 2) (integer) 1010001 3) OK 4) 1) "1000" 2) "2000"',
    ]);
  });

  it('a deadline stays with the key through RENAME, COPY and KEEPTTL, and goes with SET, PERSIST and DEL', async () => {
    const store = await Store.start();
    await store.write(
      'SET a 1 PX 100',
      'RENAME a b',
      'COPY b c',
      'SET c 2 KEEPTTL',
      'SET d 1 PX 100',
      'SET d 2',
    );
    await store.write('SET e 1 PX 100', 'PERSIST e', 'SET f 1 PX 100', 'DEL f', 'SET f 1', 'GETEX b PX 500');
    assert.equal(
      await store.read('MULTI; PTTL c; PTTL d; PTTL e; PTTL f; EXEC'),
      ['1) (integer) 99 2) (integer) -1 3) (integer) -1 4) (integer) -1'].join(' '),
    );
    store.logTimeMs += 200;
    await store.write('SET other 1');
    assert.equal(await store.read('KEYS *'), '1) "b" 2) "d" 3) "e" 4) "f" 5) "other"');
  });

  it('a deadline in the past deletes the key at once and answers as Redis does', async () => {
    const store = await Store.start();
    await store.write('SET a 1', 'SET b 1', 'SET c 1', 'SET d 1 EX 100');
    assert.deepEqual(
      await store.write('EXPIRE a -1', 'PEXPIREAT b 5', 'SET c 2 PXAT 5', 'EXPIRE none 1', 'EXPIRE d 1 GT'),
      ['(integer) 1', '(integer) 1', 'OK', '(integer) 0', '(integer) 0'],
    );
    assert.equal(await store.read('KEYS *'), '1) "d"');
  });

  it('deadlines survive a snapshot, and what is due is deleted after it as before', async () => {
    const [one, other] = [await Store.start(), await Store.start()];
    await one.write('SET a 1 PX 100', 'SET b 1 PX 100000', 'SET c 1');
    const snapshot = await one.backend.snapshot();
    await other.backend.restore({ slot: snapshot.slot, chunks: snapshot.chunks });
    [other.mark, other.logTimeMs] = [one.mark, one.logTimeMs + 200];
    assert.equal(await other.read('PTTL a'), '(integer) 100');
    await other.write('SET d 1');
    assert.equal(await other.read('KEYS *'), '1) "b" 2) "c" 3) "d"');
  });
});
