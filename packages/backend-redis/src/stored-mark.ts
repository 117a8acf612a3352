/** The mark as text inside Redis, and what a store that was opened holds. */
import { type AppliedMark, asSlot, BackendDiverged, cutText } from '@quorate/core/ports';

/** `slot digest group clusterId`; the cluster id comes last because it may hold blanks. */
export function markText({ slot, digest, group, clusterId }: AppliedMark): string {
  return `${slot} ${digest} ${group} ${clusterId}`;
}

/** '' is no mark. @throws BackendDiverged when the text is no mark */
export function readMarkText(text: string, where: string): AppliedMark | undefined {
  if (text === '') return undefined;
  const [, slot, digest, group, clusterId] = /^(\d{1,16}) ([0-9a-f]{16}) (\d{1,10}) (.*)$/s.exec(text) ?? [];
  if (slot === undefined || digest === undefined || clusterId === undefined)
    throw new BackendDiverged(
      `Redis at ${where} holds half a step (${cutText(text, 80)}); empty it with FLUSHALL, and it is filled again`,
    );
  return { slot: asSlot(Number(slot)), digest, group: Number(group), clusterId };
}
