/**
 * Every command of Redis 7.0 with its verdict: what may be read, what may be written, and why the rest is refused.
 *
 * Names, arities and the kinds read and write are those of the server's own COMMAND table (a test compares them); the
 * reasons are ours. The verdict of a command is the same on every node, so a command that a newer server knows and this
 * table does not is refused.
 */

export type Verdict =
  /** `arity` as in COMMAND: words with the name, negative for "at least". */
  | { readonly kind: 'read' | 'write'; readonly arity: number; readonly note?: string }
  | { readonly kind: 'refused'; readonly why: string; readonly instead: string };

const READS: string =
  'BITCOUNT:-2 BITFIELD_RO:-2 BITPOS:-3 DBSIZE:1 ECHO:2 EXISTS:-2 EXPIRETIME:2 GEODIST:-4 ' +
  'GEOHASH:-2 GEOPOS:-2 GEORADIUSBYMEMBER_RO:-5 GEORADIUS_RO:-6 GEOSEARCH:-7 GET:2 GETBIT:3 ' +
  'GETRANGE:4 HEXISTS:3 HGET:3 HGETALL:2 HKEYS:2 HLEN:2 HMGET:-3 HRANDFIELD:-2 HSTRLEN:3 ' +
  'HVALS:2 KEYS:2 LCS:-3 LINDEX:3 LLEN:2 LPOS:-3 LRANGE:4 MGET:-2 OBJECT:-2 PEXPIRETIME:2 ' +
  'PFCOUNT:-2 PING:-1 PTTL:2 RANDOMKEY:1 SCARD:2 SDIFF:-2 SINTER:-2 SINTERCARD:-3 SISMEMBER:3 ' +
  'SMEMBERS:2 SMISMEMBER:-3 SORT_RO:-2 SRANDMEMBER:-2 STRLEN:2 SUBSTR:4 SUNION:-2 TIME:1 ' +
  'TOUCH:-2 TTL:2 TYPE:2 XINFO:-2 XLEN:2 XRANGE:-4 XREAD:-4 XREVRANGE:-4 ZCARD:2 ZCOUNT:4 ' +
  'ZDIFF:-3 ZINTER:-3 ZINTERCARD:-3 ZLEXCOUNT:4 ZMSCORE:-3 ZRANDMEMBER:-2 ZRANGE:-4 ' +
  'ZRANGEBYLEX:-4 ZRANGEBYSCORE:-4 ZRANK:3 ZREVRANGE:-4 ZREVRANGEBYLEX:-4 ZREVRANGEBYSCORE:-4 ' +
  'ZREVRANK:3 ZSCORE:3 ZUNION:-3 ';

const WRITES: string =
  'APPEND:3 BITFIELD:-2 BITOP:-4 COPY:-3 DECR:2 DECRBY:3 DEL:-2 EXPIRE:-3 EXPIREAT:-3 ' +
  'FLUSHALL:-1 FLUSHDB:-1 GEOADD:-5 GEORADIUS:-6 GEORADIUSBYMEMBER:-5 GEOSEARCHSTORE:-8 ' +
  'GETDEL:2 GETEX:-2 GETSET:3 HDEL:-3 HINCRBY:4 HINCRBYFLOAT:4 HMSET:-4 HSET:-4 HSETNX:4 INCR:2 ' +
  'INCRBY:3 INCRBYFLOAT:3 LINSERT:5 LMOVE:5 LMPOP:-4 LPOP:-2 LPUSH:-3 LPUSHX:-3 LREM:4 LSET:4 ' +
  'LTRIM:4 MSET:-3 MSETNX:-3 PERSIST:2 PEXPIRE:-3 PEXPIREAT:-3 PFADD:-2 PFMERGE:-2 PSETEX:4 ' +
  'RENAME:3 RENAMENX:3 RPOP:-2 RPOPLPUSH:3 RPUSH:-3 RPUSHX:-3 SADD:-3 SDIFFSTORE:-3 SET:-3 ' +
  'SETBIT:4 SETEX:4 SETNX:3 SETRANGE:4 SINTERSTORE:-3 SMOVE:4 SORT:-2 SPOP:-2 SREM:-3 ' +
  'SUNIONSTORE:-3 UNLINK:-2 XADD:-5 XDEL:-3 XSETID:-3 XTRIM:-4 ZADD:-4 ZDIFFSTORE:-4 ZINCRBY:4 ' +
  'ZINTERSTORE:-4 ZMPOP:-4 ZPOPMAX:-2 ZPOPMIN:-2 ZRANGESTORE:-5 ZREM:-3 ZREMRANGEBYLEX:4 ' +
  'ZREMRANGEBYRANK:4 ZREMRANGEBYSCORE:4 ZUNIONSTORE:-4 ';

type Refusal = { readonly why: string; readonly instead: string; readonly names: string };

const REFUSALS: readonly Refusal[] = [
  {
    names: 'AUTH CLIENT HELLO QUIT RESET ASKING READONLY READWRITE WAIT',
    why: 'it belongs to a connection, and commands of many clients share one',
    instead: 'leave it out; every command stands alone',
  },
  {
    names: 'MULTI EXEC DISCARD WATCH UNWATCH',
    why: 'a transaction spans several messages',
    instead: 'send the commands together: MULTI; SET a 1; INCR b; EXEC',
  },
  {
    names:
      'ACL BGREWRITEAOF BGSAVE CONFIG DEBUG FAILOVER LATENCY MODULE MONITOR PFDEBUG PFSELFTEST PSYNC REPLCONF REPLICAOF SLAVEOF SAVE SHUTDOWN SLOWLOG SYNC',
    why: 'it administers one server, and not the data',
    instead: 'run redis-cli against that server',
  },
  {
    names: 'CLUSTER RESTORE-ASKING',
    why: 'it belongs to Redis Cluster, which Quorate takes the place of',
    instead: 'leave it out',
  },
  {
    names: 'PSUBSCRIBE PUBLISH PUBSUB PUNSUBSCRIBE SPUBLISH SSUBSCRIBE SUBSCRIBE SUNSUBSCRIBE UNSUBSCRIBE',
    why: 'a message would reach clients of one server only',
    instead: 'append to a list or stream and read it',
  },
  {
    names: 'BLMOVE BLMPOP BLPOP BRPOP BRPOPLPUSH BZMPOP BZPOPMAX BZPOPMIN',
    why: 'it would wait inside the log and hold up everybody',
    instead: 'use the command without B, and ask again',
  },
  {
    names: 'EVAL EVALSHA EVAL_RO EVALSHA_RO FCALL FCALL_RO FUNCTION SCRIPT',
    why: 'a script may do what differs from server to server',
    instead: 'send its commands as one: MULTI; ...; EXEC',
  },
  {
    names: 'SELECT SWAPDB MOVE',
    why: 'the data of a cluster is database 0; the others hold what belongs to the framework',
    instead: 'use prefixes of keys',
  },
  {
    names: 'SCAN HSCAN SSCAN ZSCAN',
    why: 'its cursor means something to one server only, and the next call may reach another',
    instead: 'use KEYS, SMEMBERS, HGETALL, or ZRANGE by pages',
  },
  {
    names: 'XACK XAUTOCLAIM XCLAIM XGROUP XPENDING XREADGROUP',
    why: 'delivery times of consumer groups come from the clock of each server',
    instead: 'read with XRANGE or XREAD, and keep your position in a key',
  },
  {
    names: 'DUMP RESTORE',
    why: 'its bytes differ between servers and versions',
    instead: 'read and write the value with the commands of its type',
  },
  {
    names: 'COMMAND INFO LASTSAVE MEMORY ROLE LOLWUT',
    why: 'it looks into one server, and not at the data',
    instead: 'run redis-cli against that server, or `quorate status`',
  },
  {
    names: 'MIGRATE',
    why: 'it moves data to a server outside of the cluster',
    instead: 'read the value and write it there',
  },
];

/** What is different from a plain Redis server, or what is rewritten before it reaches one. */
const NOTES: Readonly<Record<string, string>> = {
  BITFIELD: 'integers of at most 53 bits',
  BITFIELD_RO: 'integers of at most 53 bits',
  COPY: 'without DB',
  EXPIRE: 'deadline by log time',
  EXPIREAT: 'deadline by log time',
  EXPIRETIME: 'by log time',
  FLUSHALL: 'empties database 0',
  FLUSHDB: 'becomes FLUSHALL',
  GEORADIUS: 'a read, or with STORE a write',
  GEORADIUSBYMEMBER: 'a read, or with STORE a write',
  GETEX: 'deadline by log time; without options it is the read GET',
  HGETALL: 'sorted by field',
  HINCRBYFLOAT: 'servers of one kind of processor, which is checked',
  HKEYS: 'sorted',
  HRANDFIELD: 'a read only, chance decides',
  HVALS: 'in the order of the sorted fields',
  INCRBYFLOAT: 'servers of one kind of processor, which is checked',
  KEYS: 'sorted',
  OBJECT: 'ENCODING and REFCOUNT',
  PEXPIRE: 'deadline by log time',
  PEXPIREAT: 'deadline by log time',
  PEXPIRETIME: 'by log time',
  PFCOUNT: 'asked in a form that stores nothing',
  PSETEX: 'becomes SET with PX',
  PTTL: 'by log time',
  RANDOMKEY: 'a read only, chance decides',
  SDIFF: 'sorted',
  SET: 'EX, PX, EXAT and PXAT by log time',
  SETEX: 'becomes SET with PX',
  SINTER: 'sorted',
  SMEMBERS: 'sorted',
  SORT: 'a read, or with STORE a write',
  SPOP: 'the leader proposes members; the first that are still there are removed',
  SRANDMEMBER: 'a read only, chance decides',
  SUNION: 'sorted',
  TIME: 'log time',
  TTL: 'by log time',
  XADD: '* becomes log time and a number; ~ becomes =',
  XINFO: 'STREAM',
  XREAD: 'without BLOCK',
  XTRIM: '~ becomes =',
  ZRANDMEMBER: 'a read only, chance decides',
};

export const COMMAND_TABLE: ReadonlyMap<string, Verdict> = new Map<string, Verdict>([
  ...entries(READS, 'read'),
  ...entries(WRITES, 'write'),
  ...REFUSALS.flatMap(({ names, why, instead }) =>
    names.split(' ').map((name): [string, Verdict] => [name, { kind: 'refused', why, instead }]),
  ),
]);

function entries(list: string, kind: 'read' | 'write'): [string, Verdict][] {
  return list
    .trim()
    .split(' ')
    .map((entry) => {
      const [name = '', arity] = entry.split(':');
      const note = NOTES[name];
      return [name, { kind, arity: Number(arity), ...(note === undefined ? {} : { note }) }];
    });
}

/** Reads whose answer differs from server to server: never part of an atomic command that writes. */
export const READ_ONLY_ALONE: ReadonlySet<string> = new Set([
  'SRANDMEMBER',
  'HRANDFIELD',
  'ZRANDMEMBER',
  'RANDOMKEY',
  'OBJECT',
]);
