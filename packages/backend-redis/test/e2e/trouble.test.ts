/** A server that is down, empty, older, full, foreign or set up wrongly: what the replica is told, and that nothing is done twice. */
import assert from 'node:assert/strict';
import { BackendDiverged, BackendRewound, BackendUnavailable } from '@quorate/core/ports';
import { Redis } from 'ioredis';
import { freshServer, stopServers } from '../support/servers.ts';
import { Store, shown } from '../support/store.ts';

describe('trouble with the server', function () {
  this.timeout(60_000);
  afterEach(stopServers);

  it('a server that was killed and came back empty is rewound, answers no read before, and starts at slot 0', async () => {
    const store = await Store.start();
    await store.write('SET a 1');
    await store.server.kill();
    await assert.rejects(store.write('SET a 2'), BackendUnavailable);
    await assert.rejects(store.read('GET a'), BackendUnavailable);
    await store.server.restart();
    await assert.rejects(store.read('GET a'), BackendRewound);
    await assert.rejects(store.write('SET a 2'), BackendRewound);
    const image = await store.open();
    assert.equal(image.mark, undefined);
  });

  it('a server that somebody emptied under us is rewound at the next slot', async () => {
    const store = await Store.start();
    await store.write('SET a 1');
    await ask(store, 'FLUSHALL');
    await assert.rejects(store.write('SET a 2'), BackendRewound);
  });

  it('a server that restarts from an older file is opened at the mark of that file', async () => {
    const store = await Store.start({ save: '3600 1000000' });
    await store.write('SET a 1', 'SET b 1 PX 100000');
    const old = { mark: store.mark, digest: await store.backend.digest() };
    await ask(store, 'SAVE');
    await store.write('SET a 2');
    await store.server.kill();
    await store.server.restart();
    await assert.rejects(store.write('SET a 3'), BackendRewound);
    const image = await store.open();
    assert.deepEqual(image.mark, old.mark);
    assert.equal(await store.backend.digest(), old.digest);
    assert.deepEqual(image.lastResults.map(shown), ['OK', 'OK']);
  });

  it('keys that somebody else added or removed are found at the next slot', async () => {
    const store = await Store.start();
    await store.write('SET a 1');
    await ask(store, 'SET', 'foreign', '1');
    await assert.rejects(store.write('SET a 2'), (error) => {
      assert.ok(error instanceof BackendDiverged && !(error instanceof BackendRewound));
      assert.match(error.message, /somebody else writes to it/);
      return true;
    });
    assert.equal(await ask(store, 'GET', 'a'), '1');
  });

  it('a server with other data, of another cluster or of another node is refused with a way out', async () => {
    const store = await Store.start();
    await assert.rejects(store.open(2), /store of node 1, this is node 2; give every node/);
    await store.write('SET a 1');
    await assert.rejects(store.open(1, 'another cluster'), /data of another cluster/);
    const strange = new Store(await freshServer());
    await ask(strange, 'SET', 'a', '1');
    await assert.rejects(strange.open(), /holds 1 keys that this cluster did not write/);
  });

  it('a server out of memory takes no slot by half, and takes it when there is room', async () => {
    const store = await Store.start({ maxmemory: '0' });
    await store.write('SET a 1');
    const commands = ['DEL a', 'SET b 1', 'INCR c'].map((line) => store.commandOf(line));
    const batch = store.batchOf(commands);
    await ask(store, 'CONFIG', 'SET', 'maxmemory', '1');
    await assert.rejects(store.applyBatch(batch), /out of memory; raise maxmemory/);
    assert.equal(await ask(store, 'GET', 'a'), '1');
    await ask(store, 'CONFIG', 'SET', 'maxmemory', '0');
    assert.deepEqual((await store.applyBatch(batch)).map(shown), ['(integer) 1', 'OK', '(integer) 1']);
  });

  it('a server that became a replica, or may throw data away, is unavailable with the reason', async () => {
    const store = await Store.start();
    await ask(store, 'REPLICAOF', '127.0.0.1', '1');
    await assert.rejects(store.write('SET a 1'), /read-only replica of another server; run REPLICAOF NO ONE/);
    assert.match((await store.backend.health()).detail, /REPLICAOF NO ONE/);
    const evicting = new Store(await freshServer({ settings: { 'maxmemory-policy': 'allkeys-lru' } }));
    await assert.rejects(evicting.open(), (error) => {
      assert.ok(error instanceof BackendUnavailable);
      assert.match(
        error.message,
        /maxmemory-policy is allkeys-lru, which throws data away; set it to noeviction/,
      );
      return true;
    });
  });

  it('a server with too few databases is unavailable with the setting to change', async () => {
    const store = new Store(await freshServer({ settings: { databases: '3' } }));
    await assert.rejects(store.open(), /too few databases; set databases to 4 or more/);
  });

  it('a user with the rights that the guide names can do everything', async () => {
    const store = await Store.start();
    const rights = '~* &* +@all -@dangerous +info +keys +flushdb +swapdb +sort +sort_ro +restore +config|get';
    await ask(store, 'ACL', 'SETUSER', 'quorate', 'on', '>secret', ...rights.split(' '));
    const url = store.server.url.replace('redis://', 'redis://quorate:secret@');
    const limited = new Store({ ...(await freshServer()), url });
    await limited.open();
    await limited.write('SET a 1', 'FLUSHALL', 'SADD s 1', 'SORT s STORE t', 'SPOP s', 'XADD x * f v');
    assert.equal(await limited.read('KEYS *'), '1) "t" 2) "x"');
    const snapshot = await limited.backend.snapshot();
    const digest = await limited.backend.digest();
    await limited.backend.restore({ slot: snapshot.slot, chunks: snapshot.chunks });
    assert.equal(await limited.backend.digest(), digest);
    assert.equal(await limited.backend.flush(), 0);
    assert.equal((await limited.backend.health()).ok, true);
  });

  it('a user who may not run a command, or not on every key, is unavailable with the names', async () => {
    const store = await Store.start();
    for (const rights of ['~* &* +@all -lpush', '~app:* &* +@all']) {
      await ask(store, 'ACL', 'SETUSER', 'less', 'reset', 'on', '>secret', ...rights.split(' '));
      const url = store.server.url.replace('redis://', 'redis://less:secret@');
      const limited = new Store({ ...store.server, url });
      await assert.rejects(limited.open(), (error) => {
        assert.ok(error instanceof BackendUnavailable);
        assert.match(error.message, /may not run (LPUSH|BITCOUNT, .*) on every key/);
        return true;
      });
    }
  });

  it('a right that is taken away later keeps the slot waiting, untouched, until it is given back', async () => {
    const store = await Store.start();
    await ask(store, 'ACL', 'SETUSER', 'quorate', 'on', '>secret', '~*', '&*', '+@all');
    await ask(store, 'FLUSHALL');
    const url = store.server.url.replace('redis://', 'redis://quorate:secret@');
    const limited = new Store({ ...store.server, url });
    await limited.open();
    await limited.write('LPUSH l x', 'SADD s 1', 'HSET h f v');
    const taken = 'lpush sadd srem xinfo flushdb hset zadd set pexpiretime dump command select'.split(' ');
    const slot = [
      'INCR a',
      'LPUSH l y',
      'SADD s 2',
      'MULTI; SPOP s; HKEYS h; EXEC',
      'XADD x * f v',
      'FLUSHALL',
    ];
    for (const name of taken) {
      await ask(store, 'ACL', 'SETUSER', 'quorate', `-${name}`);
      await assert.rejects(limited.write(...slot), (error) => {
        assert.ok(error instanceof BackendUnavailable);
        assert.match(error.message, new RegExp(`may not run ${name} |user in the url may not do`, 'i'));
        return true;
      });
      const { ok, detail } = await limited.backend.health();
      assert.ok(!ok && detail.includes(name.toUpperCase()), detail);
      await ask(store, 'ACL', 'SETUSER', 'quorate', `+${name}`);
      assert.deepEqual(await limited.write('INCR b'), [`(integer) ${taken.indexOf(name) + 1}`]);
    }
    assert.equal(await limited.read('GET a'), '(nil)');
    assert.deepEqual(await limited.write('INCR a', 'LPUSH l y'), ['(integer) 1', '(integer) 2']);
  });

  it('an image that could not be released while the server was in trouble is released later', async () => {
    const store = await Store.start();
    await store.write('SET a 1');
    const isHeld = async (): Promise<unknown> =>
      ask(store, 'EVAL', "redis.call('SELECT', 1) return redis.call('EXISTS', 'barriers')", '0');
    const snapshot = await store.backend.snapshot();
    await ask(store, 'REPLICAOF', '127.0.0.1', '1');
    await snapshot.release();
    await ask(store, 'REPLICAOF', 'NO', 'ONE');
    assert.equal(await isHeld(), 1);
    assert.equal((await store.backend.health()).ok, true);
    assert.equal(await isHeld(), 0);
  });

  it('a store that holds half a step says so, and is taken for nothing else', async () => {
    const store = await Store.start();
    await store.write('SET a 1');
    const script = "redis.call('SELECT', 1) return redis.call('HSET', 'meta', 'mark', 'interrupted at 2')";
    await ask(store, 'EVAL', script, '0');
    await assert.rejects(store.write('SET a 2'), (error) => {
      assert.ok(error instanceof BackendDiverged && !(error instanceof BackendRewound));
      assert.match(error.message, /holds half a step .* empty it with FLUSHALL/);
      return true;
    });
  });

  it('a server that forgets its scripts gets them again', async () => {
    const store = await Store.start();
    await store.write('SET a 1');
    await ask(store, 'SCRIPT', 'FLUSH');
    assert.deepEqual(await store.write('INCR a'), ['(integer) 2']);
  });

  it('a slot whose answer was lost is not executed twice and gives its first results', async () => {
    const store = await Store.start();
    const batch = store.batchOf([
      store.commandOf('INCR a'),
      store.commandOf('MULTI; INCR a; GET none; EXEC'),
    ]);
    const first = await store.backend.apply(batch);
    await ask(store, 'CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    let again: typeof first | undefined;
    while (again === undefined) {
      try {
        again = await store.backend.apply(batch);
      } catch (error) {
        assert.ok(error instanceof BackendUnavailable);
      }
    }
    assert.deepEqual(again.map(shown), first.map(shown));
    store.mark = batch.next;
    assert.equal(await store.read('GET a'), '"2"');
  });

  it('the password of a url is in no message', async () => {
    const { backend } = new Store({ ...(await freshServer()), url: 'redis://user:secret@127.0.0.1:1' });
    const { signal } = new AbortController();
    const context = { clusterId: 'c', group: 0, node: 1, directory: '/', signal, options: undefined };
    await assert.rejects(backend.open(context), (error) => {
      assert.match(String(error), /127\.0\.0\.1:1/);
      assert.doesNotMatch(String(error), /secret/);
      return true;
    });
  });
});

async function ask(store: Store, command: string, ...words: string[]): Promise<unknown> {
  const client = new Redis(store.server.url, { lazyConnect: true, protocol: 2 });
  try {
    await client.connect();
    return await client.call(command, ...words);
  } finally {
    client.disconnect();
  }
}
