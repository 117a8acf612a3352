/**
 * What an error on the way to Redis means for the replica: nearly always that the store cannot do it now, and what to
 * do about it. Errors of single commands never come here; they are replies.
 */
import { BackendUnavailable } from '@quorate/core/ports';

/** By the first word of the server's error. */
const WAYS_OUT: Readonly<Record<string, string>> = {
  LOADING: 'it is loading its data; this ends by itself',
  OOM: 'it is out of memory; raise maxmemory',
  MISCONF:
    'it cannot save to its disk and therefore takes no writes; look at its log, or turn saving off (save "")',
  READONLY: 'it is a read-only replica of another server; run REPLICAOF NO ONE there',
  MASTERDOWN: 'it is a replica whose master is away; run REPLICAOF NO ONE there',
  NOREPLICAS: 'it wants replicas of its own (min-replicas-to-write); set that to 0',
  BUSY: 'it runs a script of somebody else; wait for it, or SCRIPT KILL',
  NOAUTH: 'it asks for a password; put it into the url: redis://user:password@host:port',
  WRONGPASS: 'user or password in the url are wrong',
  NOPERM: 'the user in the url may not do what is needed; see docs/redis.md for the rights',
  CLUSTERDOWN: 'it runs in cluster mode; use a server with cluster-enabled no',
};

/** @param where host and port, never the url: it may hold a password */
export function troubleOf(error: unknown, where: string): BackendUnavailable {
  const message = messageOf(error);
  const wayOut = wayOutIn(message) ?? WAYS_OUT[/^[A-Z]+/.exec(message)?.[0] ?? ''];
  return new BackendUnavailable(`Redis at ${where}: ${wayOut ?? message}`, { cause: error });
}

/** Of errors that share their first word with many others. */
function wayOutIn(message: string): string | undefined {
  if (message.includes('DB index is out of range'))
    return 'it has too few databases; set databases to 4 or more';
  const isOfRights = message.includes('user executing the script') || message.includes('ACL failure');
  return isOfRights ? WAYS_OUT['NOPERM'] : undefined;
}

/** Trouble of the server as a whole; every other error reply is the answer of one command. */
export function isServerTrouble(error: unknown): boolean {
  return !isReplyError(error) || WAYS_OUT[/^[A-Z]+/.exec(messageOf(error))?.[0] ?? ''] !== undefined;
}

/** The server does not know a script: it was restarted, or somebody flushed its scripts. */
export function isUnknownScript(error: unknown): boolean {
  return messageOf(error).startsWith('NOSCRIPT');
}

/** An answer of the server, and not the loss of a connection. */
export function isReplyError(error: unknown): boolean {
  return error instanceof Error && error.name === 'ReplyError';
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
