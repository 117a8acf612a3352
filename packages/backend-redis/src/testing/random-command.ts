/**
 * Random Redis commands over a few keys of every type, so that they meet each other, wrong types included. Deadlines are
 * past or far: a rule of all backends says that time alone changes nothing, and expiry has tests of its own.
 */
import { argumentsCommand, type BackendSubject } from '@quorate/core/testing';
import type { CommandInput } from '@quorate/wire';

type Random = Parameters<NonNullable<BackendSubject['randomCommand']>>[0];
type Make = (random: Random) => readonly (string | Uint8Array)[];

const KEYS = ['a', 'b', 'key with spaces', '\n', 'é', ''];
const MEMBERS = ['x', 'y', 'z', '1', '2', 'member', '\u0000'];

const key = (random: Random): string => random.pick(KEYS);
const member = (random: Random): string => random.pick(MEMBERS);
const number = (random: Random): string => String(random.between(-5, 100));
const seconds = (random: Random): string => String(random.pick([100, 200, 5000]));

const COMMANDS: readonly Make[] = [
  (random) => ['SET', key(random), number(random)],
  (random) => ['SET', key(random), bytes(random)],
  (random) => ['SET', key(random), member(random), 'PX', String(random.between(1, 60) * 100_000)],
  (random) => ['SET', key(random), member(random), 'KEEPTTL'],
  (random) => ['SETEX', key(random), seconds(random), member(random)],
  (random) => ['APPEND', key(random), member(random)],
  (random) => ['INCRBY', key(random), number(random)],
  (random) => ['INCRBYFLOAT', key(random), '0.1'],
  (random) => ['SETRANGE', key(random), '3', member(random)],
  (random) => ['GETDEL', key(random)],
  (random) => ['DEL', key(random), key(random)],
  (random) => ['RENAME', key(random), key(random)],
  (random) => ['COPY', key(random), key(random), 'REPLACE'],
  (random) => ['PEXPIRE', key(random), String(random.between(-10, 60) * 100_000)],
  (random) => ['EXPIRE', key(random), seconds(random), random.pick(['NX', 'GT', 'LT', 'XX'])],
  (random) => ['PERSIST', key(random)],
  (random) => ['LPUSH', `l${key(random)}`, member(random), member(random)],
  (random) => ['RPOP', `l${key(random)}`],
  (random) => ['LMOVE', `l${key(random)}`, `l${key(random)}`, 'LEFT', 'RIGHT'],
  (random) => ['SADD', `s${key(random)}`, member(random), member(random)],
  (random) => ['SREM', `s${key(random)}`, member(random)],
  (random) => ['SUNIONSTORE', `s${key(random)}`, `s${key(random)}`, `s${key(random)}`],
  (random) => ['HSET', `h${key(random)}`, member(random), number(random)],
  (random) => ['HINCRBY', `h${key(random)}`, member(random), number(random)],
  (random) => ['HDEL', `h${key(random)}`, member(random)],
  (random) => ['ZADD', `z${key(random)}`, number(random), member(random)],
  (random) => ['ZINCRBY', `z${key(random)}`, '0.5', member(random)],
  (random) => ['ZPOPMIN', `z${key(random)}`],
  (random) => ['ZUNIONSTORE', `z${key(random)}`, '2', `z${key(random)}`, `s${key(random)}`],
  (random) => ['XADD', `x${key(random)}`, '*', 'field', number(random)],
  (random) => ['XADD', `x${key(random)}`, 'MAXLEN', '~', '3', '*', 'field', member(random)],
  (random) => ['PFADD', `p${key(random)}`, member(random)],
  (random) => ['SETBIT', key(random), String(random.below(20)), '1'],
  (random) => ['LPUSH', key(random), member(random)],
  (random) => [
    'MULTI',
    '3',
    'SET',
    key(random),
    '1',
    '4',
    'HSET',
    'hx',
    'y',
    '1',
    '2',
    'SMEMBERS',
    `s${key(random)}`,
  ],
  (random) => ['MSET', key(random), '1', key(random), '2'],
  (random) => ['GET', key(random)],
  (random) => ['PTTL', key(random)],
  (random) => ['SMEMBERS', `s${key(random)}`],
  (random) => ['HGETALL', `h${key(random)}`],
  (random) => ['ZRANGE', `z${key(random)}`, '0', '-1', 'WITHSCORES'],
  (random) => ['LRANGE', `l${key(random)}`, '0', '-1'],
  (random) => ['XRANGE', `x${key(random)}`, '-', '+'],
  (random) => ['PFCOUNT', `p${key(random)}`],
  () => ['KEYS', '*'],
  () => ['DBSIZE'],
];

/** Some of them are reads. None depends on the slot. */
export function randomRedisCommand(random: Random): CommandInput {
  if (random.below(200) === 0) return argumentsCommand('FLUSHALL');
  return argumentsCommand(...random.pick(COMMANDS)(random));
}

function bytes(random: Random): Uint8Array {
  return Uint8Array.from({ length: random.pick([0, 1, 30, 1024]) }, () => random.below(256));
}
