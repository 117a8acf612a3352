/** What a server or a snapshot holds of this cluster, and whether it is this node's. */
import {
  type AppliedMark,
  type BackendContext,
  BackendDiverged,
  type BackendImage,
} from '@quorate/core/ports';
import { decodeUtf8, QuorateError } from '@quorate/wire';
import { pairsOf } from './image.ts';
import { readPackedReplies } from './reply/convert.ts';
import { resultOf } from './reply/redis-reply.ts';
import type { RawReply } from './server/redis-server.ts';
import { readMarkText } from './stored-mark.ts';

/**
 * What the script `OPEN` found, if this node may have it.
 * @throws BackendDiverged when it is somebody else's, or somebody else wrote into it
 */
export function readStore(
  reply: RawReply,
  context: BackendContext,
  where: string,
): { readonly image: BackendImage; readonly logTimeMs: number } {
  const [mark, found, expected, logTime, results, owner] = (reply as readonly RawReply[])
    .slice(0, 6)
    .map((part) => (typeof part === 'string' ? part : decodeUtf8(part as Uint8Array)));
  const stored = readMarkText(mark ?? '', where);
  const advice = 'give every node an empty Redis of its own, or empty this one with FLUSHALL';
  if (stored === undefined && found !== '0')
    throw new BackendDiverged(
      `Redis at ${where} holds ${found} keys that this cluster did not write; ${advice}`,
    );
  if (owner !== '' && owner !== String(context.node))
    throw new BackendDiverged(
      `Redis at ${where} is the store of node ${owner}, this is node ${context.node}; ${advice}`,
    );
  if (stored !== undefined && (stored.clusterId !== context.clusterId || stored.group !== context.group))
    throw new BackendDiverged(`Redis at ${where} holds the data of another cluster; ${advice}`);
  if (stored !== undefined && found !== expected) throw foreignWrites(where, expected, found);
  const [, , , , packed, , records] = reply as readonly RawReply[];
  return {
    image: {
      mark: stored,
      records: pairsOf(records as readonly Uint8Array[]),
      lastResults: results === '' ? [] : readPackedReplies(packed as Uint8Array).map(resultOf),
    },
    logTimeMs: Number(logTime),
  };
}

/** @throws QuorateError WIRE_MALFORMED */
export function checkSnapshot(mark: AppliedMark | undefined, slot: number, context: BackendContext): void {
  if ((mark?.slot ?? 0) !== slot)
    throw new QuorateError('WIRE_MALFORMED', `it is of slot ${mark?.slot ?? 0}, not ${slot}`);
  if (mark !== undefined && (mark.clusterId !== context.clusterId || mark.group !== context.group))
    throw new QuorateError('WIRE_MALFORMED', 'it is of another cluster');
}

export function foreignWrites(
  where: string,
  expected: string | undefined,
  found: string | undefined,
): BackendDiverged {
  return new BackendDiverged(
    `Redis at ${where} holds ${found} keys where the last slot left ${expected}: somebody else writes to it. Stop that, empty it with FLUSHALL, and restart the node: it is filled again`,
  );
}
