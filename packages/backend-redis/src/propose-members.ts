/**
 * Members for an SPOP, so that applying it need not look at the whole set. Applying is right without them, and when
 * other commands take them first: what is missing is drawn from the set by a hash that is the same everywhere.
 */
import { decodeUtf8 } from '@quorate/wire';
import { chosenPop, type RedisCommand, type SingleCommand } from './commands/redis-command.ts';
import type { RedisServer } from './server/redis-server.ts';

/** Members that the leader proposes for an SPOP beyond those it asks for: others may pop the same ones first. */
const SPARE_MEMBERS = 8;
const MAX_PROPOSED_MEMBERS = 1000;
const MAX_PROPOSED_BYTES = 64 * 1024;

/** The command with members, or as it was. */
export async function proposeMembers(
  command: RedisCommand,
  spop: SingleCommand,
  server: RedisServer,
): Promise<RedisCommand> {
  const [, key, countWord] = spop.words;
  const count = countWord === undefined ? 1 : Number(decodeUtf8(countWord));
  if (key === undefined || count === 0 || count > MAX_PROPOSED_MEMBERS) return command;
  try {
    const reply = await server.ask('SRANDMEMBER', [key, String(count + SPARE_MEMBERS)]);
    const members = Array.isArray(reply) ? (reply as Uint8Array[]) : [];
    const bytes = members.reduce((sum, member) => sum + member.length, 0);
    return members.length === 0 || bytes > MAX_PROPOSED_BYTES ? command : chosenPop(spop, members);
  } catch {
    return command; // A store in trouble, or a key of another type: applying finds out.
  }
}
