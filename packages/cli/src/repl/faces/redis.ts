/**
 * Redis: commands in its own syntax, replies as redis-cli shows them: `(integer) 1`, `"text"`, numbered lists to a person;
 * bare values, one a line, to a program.
 */
import { formatValue } from '@quorate/core/ports';
import { decodeUtf8 } from '@quorate/wire';
import { NIL_TEXT, valueForTerminal } from '../../output/value.ts';
import type { ReplFace } from './face.ts';
import { type Reply, readReply } from './resp.ts';

const WORDS = `append bitcount decr decrby del exists expire get getdel getrange hdel hexists hget hgetall hincrby hkeys hlen hmget
hset hvals incr incrby incrbyfloat keys lindex linsert llen lpop lpush lrange lrem lset ltrim mget mset persist pexpire pttl rename
rpop rpush sadd scard sdiff set setnx sinter sismember smembers spop srem strlen sunion ttl type xadd xlen xrange zadd zcard zcount
zincrby zrange zrangebyscore zrank zrem zscore`;

export const REDIS_FACE: ReplFace = {
  words: WORDS.split(/\s+/).map((word) => `${word} `),
  help: `Commands of Redis, in its own syntax:
  SET colour red     GET colour     HSET user name ann     ZADD board 10 ann
  Values with spaces go in quotes: "two words", "\\x00\\xff"
`,
  isComplete: () => true,
  forTerminal: (value) => inWords(value, (reply) => forPeople(reply, '')),
  forPipe(value) {
    const reply = value === null ? undefined : readReply(value);
    return reply?.kind === 'bytes' ? reply.bytes : inWords(value, bare);
  },
};

/** What is no reply of Redis is shown as a value. */
function inWords(value: Uint8Array | null, show: (reply: Reply) => string): string {
  if (value === null) return NIL_TEXT;
  const reply = readReply(value);
  return reply === undefined ? valueForTerminal(value) : show(reply);
}

function forPeople(reply: Reply, indent: string): string {
  switch (reply.kind) {
    case 'nil':
      return NIL_TEXT;
    case 'text':
      return reply.text;
    case 'error':
      return `(error) ${reply.text}`;
    case 'integer':
      return `(integer) ${reply.text}`;
    case 'bytes':
      return quoted(reply.bytes);
    case 'list':
      return reply.items.length === 0 ? '(empty array)' : numbered(reply.items, indent);
    default:
      return reply satisfies never;
  }
}

function numbered(items: readonly Reply[], indent: string): string {
  const width = String(items.length).length;
  const lines = items.map((item, index) => {
    const label = `${String(index + 1).padStart(width)}) `;
    return `${index === 0 ? '' : indent}${label}${forPeople(item, indent + ' '.repeat(label.length))}`;
  });
  return lines.join('\n');
}

function quoted(bytes: Uint8Array): string {
  const shown = formatValue(bytes);
  return shown === decodeUtf8(bytes)
    ? `"${shown.replace(/[\\"]/g, (character) => `\\${character}`)}"`
    : shown;
}

function bare(reply: Reply): string {
  switch (reply.kind) {
    case 'nil':
      return NIL_TEXT;
    case 'text':
    case 'error':
    case 'integer':
      return reply.text;
    case 'bytes':
      return decodeUtf8(reply.bytes);
    case 'list':
      return reply.items.length === 0 ? '(empty array)' : reply.items.map(bare).join('\n');
    default:
      return reply satisfies never;
  }
}
