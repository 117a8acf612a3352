/**
 * Reads, between two slots: the command as the server gets it, and its reply as the client does. Times are log time,
 * and what the server keeps in an order of its own is sorted, so that replicas answer alike. Commands within an atomic write
 * do the same inside the server (`lua/commands.lua`).
 */
import { encodeUtf8 } from '@quorate/wire';
import type { SingleCommand } from './commands/redis-command.ts';
import { bytesReply, integerReply, type RedisReply } from './reply/redis-reply.ts';

/** Deadlines inside Redis are this much later than they are, see lua/common.lua. */
const NEVER_MS = 2 ** 47;

export type Read = {
  readonly name: string;
  readonly words: readonly Uint8Array[];
  /** The reply is a status and not bytes. */
  readonly isStatus?: boolean;
  readonly reshape?: (reply: RedisReply) => RedisReply;
};

/** `logTimeMs` of the last slot that was applied. */
export function readOf({ name, words }: SingleCommand, logTimeMs: number): Read | RedisReply {
  const rest = words.slice(1);
  switch (name) {
    case 'TTL':
      return { name: 'PEXPIRETIME', words: rest, reshape: (reply) => remaining(reply, logTimeMs, 1000) };
    case 'PTTL':
      return { name: 'PEXPIRETIME', words: rest, reshape: (reply) => remaining(reply, logTimeMs, 1) };
    case 'EXPIRETIME':
      return { name: 'PEXPIRETIME', words: rest, reshape: (reply) => remaining(reply, 0, 1000) };
    case 'PEXPIRETIME':
      return { name, words: rest, reshape: (reply) => remaining(reply, 0, 1) };
    case 'TIME':
      return logTime(logTimeMs);
    case 'SMEMBERS':
    case 'SINTER':
    case 'SUNION':
    case 'SDIFF':
    case 'KEYS':
      return { name, words: rest, reshape: sorted };
    case 'HGETALL':
      return { name, words: rest, reshape: (reply) => hash(reply, true, true) };
    case 'HKEYS':
      return { name: 'HGETALL', words: rest, reshape: (reply) => hash(reply, true, false) };
    case 'HVALS':
      return { name: 'HGETALL', words: rest, reshape: (reply) => hash(reply, false, true) };
    case 'TYPE':
      return { name, words: rest, isStatus: true };
    case 'PING':
      return { name, words: rest, isStatus: rest.length === 0 };
    default:
      return { name, words: rest };
  }
}

/** -1 (no deadline) and -2 (no key) stay. */
function remaining(reply: RedisReply, fromMs: number, unitMs: number): RedisReply {
  if (reply.kind !== 'integer' || reply.digits.startsWith('-')) return reply;
  const left = Number(reply.digits) - NEVER_MS - fromMs;
  return integerReply(unitMs === 1 ? left : Math.floor((left + unitMs / 2) / unitMs));
}

function logTime(ms: number): RedisReply {
  const texts = [Math.floor(ms / 1000), (ms % 1000) * 1000].map(String);
  return { kind: 'list', items: texts.map((text) => bytesReply(encodeUtf8(text))) };
}

function sorted(reply: RedisReply): RedisReply {
  return reply.kind === 'list' ? { kind: 'list', items: [...reply.items].sort(byBytes) } : reply;
}

function hash(reply: RedisReply, withFields: boolean, withValues: boolean): RedisReply {
  if (reply.kind !== 'list') return reply;
  const { items } = reply;
  const entries: (readonly [RedisReply, RedisReply])[] = [];
  for (let index = 0; index + 1 < items.length; index += 2)
    entries.push([items[index] as RedisReply, items[index + 1] as RedisReply]);
  entries.sort(([left], [right]) => byBytes(left, right));
  return {
    kind: 'list',
    items: entries.flatMap(([field, value]) => [
      ...(withFields ? [field] : []),
      ...(withValues ? [value] : []),
    ]),
  };
}

function byBytes(left: RedisReply, right: RedisReply): number {
  return left.kind === 'bytes' && right.kind === 'bytes' ? Buffer.compare(left.bytes, right.bytes) : 0;
}
