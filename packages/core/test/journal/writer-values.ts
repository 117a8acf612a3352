/** What `writer.ts` writes, so that whoever reads it back knows what must be there. */
import type { JournalIdentity } from '#src/ports/journal.ts';
import { type AcceptedEntry, asNodeId, asSlot } from '#src/protocol/types.ts';

export const WRITER_IDENTITY: JournalIdentity = {
  clusterId: 'writers',
  genesisDigest: 'g',
  node: asNodeId(1),
  group: 0,
};

/** Every slot has a ballot and a content of its own. */
export function expectedEntry(slot: number, bytes: number): AcceptedEntry {
  const content = new Uint8Array(bytes).fill(slot % 251);
  new DataView(content.buffer).setFloat64(0, slot);
  return {
    slot: asSlot(slot),
    ballot: { round: slot, node: asNodeId(1) },
    value: { kind: 'batch', stampMs: slot * 1000, bytes: content },
  };
}
