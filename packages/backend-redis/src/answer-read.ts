/** Commands that read, answered by the server of this replica between two slots. */
import { malformed, type Result } from '@quorate/wire';
import type { RedisCommand, SingleCommand } from './commands/redis-command.ts';
import { readOf } from './reads.ts';
import { fromRaw, rawBytes } from './reply/convert.ts';
import { type RedisReply, resultOf } from './reply/redis-reply.ts';
import type { RedisServer } from './server/redis-server.ts';
import { isServerTrouble, messageOf } from './server/trouble.ts';

/** What one command that reads may answer. */
const MAX_READ_BYTES = 32 * 1024 * 1024;
const TOO_LONG: RedisReply = {
  kind: 'error',
  text: `TOOLONG the reply is over ${MAX_READ_BYTES} bytes: ask for a part of it, as with GETRANGE, LRANGE or HMGET`,
};

/**
 * @param logTimeMs of the last slot: what is due by then is not there any more
 * @throws BackendUnavailable when the server does not answer
 */
export async function answerRead(
  command: RedisCommand,
  server: RedisServer,
  logTimeMs: number,
): Promise<Result> {
  if (command.access !== 'read') throw malformed('a write cannot be answered as a read');
  const budget = { left: MAX_READ_BYTES };
  const replies = await Promise.all(command.parts.map((part) => readPart(part, server, logTimeMs, budget)));
  if (command.isAtomic) return resultOf({ kind: 'list', items: replies });
  return resultOf(replies[0] as RedisReply);
}

/** `budget` is shared by all parts of a command: replies beyond it are dropped as they come. */
async function readPart(
  part: SingleCommand,
  server: RedisServer,
  logTimeMs: number,
  budget: { left: number },
): Promise<RedisReply> {
  const read = readOf(part, logTimeMs);
  if ('kind' in read) return read;
  try {
    const raw = await server.ask(read.name, read.words);
    budget.left -= rawBytes(raw);
    if (budget.left < 0) return TOO_LONG;
    const reply = fromRaw(raw, read.isStatus);
    return read.reshape?.(reply) ?? reply;
  } catch (error) {
    if (isServerTrouble(error)) throw server.trouble(error);
    return { kind: 'error', text: messageOf(error) };
  }
}
