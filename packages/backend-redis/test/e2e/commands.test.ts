/** Commands on a real server: the table of verdicts, rewriting, atomic commands, and what users cannot reach. */
import assert from 'node:assert/strict';
import type { RedisReply } from '@quorate/backend-redis';
import { COMMAND_TABLE } from '@quorate/backend-redis';
import { type CommandInput, decodeUtf8, encodeArguments, encodeUtf8 } from '@quorate/wire';
import { Redis } from 'ioredis';
import { stopServers } from '../support/servers.ts';
import { Store, shown } from '../support/store.ts';

describe('Redis commands', function () {
  this.timeout(60_000);
  afterEach(stopServers);

  it('every command of the server has a verdict that agrees with its own table', async () => {
    const { server } = await Store.start();
    const client = new Redis(server.url, { lazyConnect: true, protocol: 2 });
    await client.connect();
    const rows = (await client.call('COMMAND')) as [string, number, string[]][];
    client.disconnect();
    const mistakes = rows.flatMap(([name, arity, flags]) => {
      const verdict = COMMAND_TABLE.get(name.toUpperCase());
      if (verdict === undefined) return [`${name} has no verdict`];
      if (verdict.kind === 'refused') return [];
      const kind = flags.includes('write') ? 'write' : 'read';
      return verdict.kind === kind && verdict.arity === arity ? [] : [`${name}: ${kind}, arity ${arity}`];
    });
    assert.deepEqual(mistakes, []);
  });

  it('no command, with whatever words, is refused to scripts or cuts a slot short', async () => {
    const store = await Store.start();
    let applied = 0;
    for (const [name, verdict] of COMMAND_TABLE) {
      if (verdict.kind === 'refused') continue;
      const least = Math.abs(verdict.arity) - 1;
      for (const words of [
        Array(least).fill('a'),
        Array(least + 1).fill('1'),
        ['k', '0', '-1', '1', '2', '3'].slice(0, least),
      ]) {
        const text = `MULTI; ${name} ${words.join(' ')}; SET after 1; EXEC`;
        if (!store.backend.parse({ form: 'text', text }).ok) continue;
        const [reply] = await store.write(text);
        assert.match(reply ?? '', / 2\) OK$/, text);
        assert.doesNotMatch(reply ?? '', /script|Unknown/i, text);
        applied += 1;
      }
    }
    assert.ok(applied > 300, `${applied} slots`);
  });

  it('an error in the middle of an atomic command is its reply, and the rest goes on', async () => {
    const store = await Store.start();
    const [result] = await store.write('MULTI; SET a 1; LPUSH a x; INCR a; GET none; EXEC');
    assert.equal(
      result,
      '1) OK 2) (error) WRONGTYPE Operation against a key holding the wrong kind of value 3) (integer) 2 4) (nil)',
    );
    assert.deepEqual(await store.write('LPUSH a x', 'SET b 1'), [
      'WRONGTYPE Operation against a key holding the wrong kind of value',
      'OK',
    ]);
  });

  it('a reply that is too long is left out, in writes and in reads, and the store goes on', async () => {
    const store = await Store.start();
    await store.write(`SET big ${'x'.repeat(1_000_000)}`, 'SETRANGE huge 13000000 x');
    const many = (count: number): string => 'GET big; '.repeat(count);
    const long = store.commandOf(`MULTI; SET a 1; ${many(600)} INCR a; EXEC`);
    const [first] = await store.applyBatch(store.batchOf([long]));
    assert.ok(first?.ok === true && first.value !== null && first.value.length < 13_000_000);
    const end = decodeUtf8(first.value.subarray(-100));
    assert.match(end, /TOOLONG it was executed, and its reply is left out: over \d+ bytes\r\n:2\r\n$/);
    assert.match((await store.write('GETDEL huge'))[0] ?? '', /^TOOLONG it was executed/);
    assert.equal(await store.read('EXISTS huge'), '(integer) 0');
    const reply = await store.reply(`MULTI; ${many(100)} EXEC`);
    const last = reply.kind === 'list' ? reply.items.at(-1) : undefined;
    assert.match(last?.kind === 'error' ? last.text : '', /^TOOLONG the reply is over/);
  });

  it('when the replies of a slot are too long, what follows is not executed, and the next slot is', async () => {
    const store = await Store.start();
    await store.write(`SET big ${'x'.repeat(1_000_000)}`, 'SET a 1');
    const long = store.commandOf(`MULTI; INCR a; ${'GET big; '.repeat(11)} EXEC`);
    const commands = [...Array.from({ length: 8 }, () => long), store.commandOf('GETDEL a')];
    const results = await store.applyBatch(store.batchOf(commands));
    const refused = results.map((result) => (result.ok ? 'ok' : result.code));
    assert.deepEqual(refused, [...Array<string>(7).fill('ok'), 'TRYAGAIN', 'TRYAGAIN']);
    assert.deepEqual(await store.write('GETDEL a'), ['"8"']);
  });

  it('integers beyond 2^53 keep their digits, in writes and in reads', async () => {
    const store = await Store.start();
    assert.deepEqual(
      await store.write('SET n 9007199254740993', 'INCR n', 'HINCRBY h f 9223372036854775807'),
      ['OK', '(integer) 9007199254740994', '(integer) 9223372036854775807'],
    );
    assert.equal(await store.read('GET n'), '"9007199254740994"');
  });

  it('keys, values and nested replies are bytes', async () => {
    const store = await Store.start();
    const odd = Uint8Array.from({ length: 256 }, (_, index) => index);
    const words = (...each: (string | Uint8Array)[]): CommandInput => ({
      form: 'arguments',
      bytes: encodeArguments(each.map((one) => (typeof one === 'string' ? encodeUtf8(one) : one))),
    });
    const write = store.commandOf(words('MULTI', '3', 'SET', odd, odd, '2', 'GET', odd));
    const [result] = await store.applyBatch(store.batchOf([write]));
    assert.ok(result?.ok);
    const read = await store.backend.query(store.commandOf(words('GET', odd)));
    assert.ok(read.ok && read.value !== null);
    assert.deepEqual(Buffer.from(read.value).subarray(6, 262), Buffer.from(odd));
  });

  it('SPOP takes a member that the leader proposed while it is there, and never the same one twice', async () => {
    const one = await Store.start();
    await one.write('SADD s a b c d e f g h');
    const spop = one.commandOf('SPOP s');
    const prepared = await Promise.all(Array.from({ length: 10 }, async () => one.backend.prepare(spop)));
    assert.ok(prepared.every((command) => command.parts[0]?.name === 'SPOP.CHOSEN'));
    const commands = prepared.map((command) => one.backend.decode(one.backend.encode(command)));
    const popped = (await one.applyBatch(one.batchOf(commands))).map(shown);
    assert.deepEqual([...popped].sort(), [
      '"a"',
      '"b"',
      '"c"',
      '"d"',
      '"e"',
      '"f"',
      '"g"',
      '"h"',
      '(nil)',
      '(nil)',
    ]);
    assert.equal(await one.read('EXISTS s'), '(integer) 0');
  });

  it('SPOP without a proposal draws the same members on stores that grew in another order', async () => {
    const [one, other] = [await Store.start(), await Store.start()];
    const members = Array.from({ length: 300 }, (_, index) => `m${index}`);
    for (const [store, list] of [
      [one, members],
      [other, [...members].reverse()],
    ] as const)
      for (const member of list) await store.write(`SADD s ${member}`);
    assert.equal(await one.backend.digest(), await other.backend.digest());
    for (let count = 0; count < 5; count++)
      assert.deepEqual(
        await one.write('SPOP s', 'SPOP s 3', 'SPOP s 0'),
        await other.write('SPOP s', 'SPOP s 3', 'SPOP s 0'),
      );
    assert.equal(await one.backend.digest(), await other.backend.digest());
  });

  it('XADD * makes rising ids of log time, also when the last id is later than that', async () => {
    const store = await Store.start();
    store.logTimeMs = 4_999;
    assert.deepEqual(await store.write('XADD s * f 1', 'XADD s * f 2', 'XADD s 9000-5 f 3', 'XADD s * f 4'), [
      '"5000-0"',
      '"5000-1"',
      '"9000-5"',
      '"9000-6"',
    ]);
    assert.deepEqual(await store.write('XADD s MAXLEN ~ 2 LIMIT 5 * f 5', 'XTRIM s MAXLEN ~ 1'), [
      '"9000-7"',
      '(integer) 1',
    ]);
    assert.equal(await store.read('XLEN s'), '(integer) 1');
  });

  it('PFCOUNT stores nothing, and so is a read', async () => {
    const store = await Store.start();
    await store.write('PFADD p a b c');
    const before = await store.backend.digest();
    assert.equal(await store.read('PFCOUNT p'), '(integer) 3');
    assert.equal(await store.backend.digest(), before);
  });

  it('what belongs to the framework is out of reach, and FLUSHALL empties the data alone', async () => {
    const store = await Store.start();
    await store.write('SET a 1 PX 50', 'SADD s x');
    for (const line of ['KEYS *', 'RANDOMKEY', 'DBSIZE'])
      assert.doesNotMatch(await store.read(line), /meta|records|results|deadlines/);
    assert.deepEqual(await store.write('RENAME meta stolen', 'FLUSHALL', 'SET b 1 PX 50'), [
      'ERR no such key',
      'OK',
      'OK',
    ]);
    assert.equal(await store.read('KEYS *'), '1) "b"');
    store.logTimeMs += 100;
    await store.write('SET c 1');
    assert.equal(await store.read('KEYS *'), '1) "c"');
    const refused = [
      'SELECT 1',
      'SWAPDB 0 1',
      'MOVE a 1',
      'COPY a b DB 1',
      'EVAL "return 1" 0',
      'FCALL f 0',
      'RESTORE a 0 x',
      'CONFIG SET save x',
    ];
    for (const text of refused) assert.equal(store.backend.parse({ form: 'text', text }).ok, false, text);
  });

  it('reads that Redis answers in an order of its own come sorted, keys and values in step', async () => {
    const store = await Store.start();
    await store.write('HSET h b 1 a 2 c 0', 'SADD s b a c');
    assert.equal(
      await store.read('MULTI; HKEYS h; HVALS h; SMEMBERS s; EXEC'),
      '1) 1) "a" 2) "b" 3) "c" 2) 1) "2" 2) "1" 3) "0" 3) 1) "a" 2) "b" 3) "c"',
    );
    const reply = await store.reply('TYPE h');
    assert.deepEqual(reply, { kind: 'status', text: 'hash' } satisfies RedisReply);
  });
});
