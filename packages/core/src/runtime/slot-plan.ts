/**
 * What a chosen slot means: its groups read, its commands judged by the session table, the mark that follows. The session
 * table has taken the slot in when this returns; a slot that has to be applied again is not planned again.
 */
import { type BatchGroup, decodeBatch } from '@quorate/wire';
import type { AppliedMark, ApplyBatch, Backend, ChosenCommand } from '../ports/backend.ts';
import type { ChosenEntry } from '../protocol/types.ts';
import type { Waiter } from './batcher.ts';
import { type Checksum, chainDigest } from './digest-chain.ts';
import type { Admission, SessionTable } from './session-table.ts';

/** A slot on its way through the backend. */
export type Planned = {
  readonly batch: ApplyBatch<unknown>;
  readonly groups: readonly BatchGroup[];
  /** By group, by command; filled only where somebody waits. */
  readonly admissions: readonly (readonly Admission[] | undefined)[];
  /** By group: the session that an `open` group opened. */
  readonly opened: readonly (number | undefined)[];
  readonly waiters: readonly Waiter[] | undefined;
};

/** @throws QuorateError WIRE_MALFORMED, or what `decode` of the backend throws: the slot cannot be read */
export function planSlot(
  entry: ChosenEntry,
  mark: AppliedMark,
  sessions: SessionTable,
  backend: Backend,
  checksum: Checksum,
  waiters: readonly Waiter[] | undefined,
): Planned {
  const { slot, value } = entry;
  const logTimeMs = sessions.begin(slot, value.kind === 'batch' ? value.stampMs : undefined);
  const groups = value.kind === 'batch' ? decodeBatch(value.bytes) : [];
  const commands: ChosenCommand<unknown>[] = [];
  const admissions: (readonly Admission[] | undefined)[] = [];
  const opened: (number | undefined)[] = [];
  for (const group of groups) {
    opened.push(group.kind === 'open' ? sessions.open() : undefined);
    if (group.kind === 'close') sessions.close(group.session);
    const judged = group.kind === 'commands' ? admit(group, commands, sessions, backend) : undefined;
    admissions.push(waiters === undefined ? undefined : judged);
  }
  const next = markAfter(mark, entry, checksum);
  const records = backend.durability === 'durable' ? sessions.takeDelta() : [];
  const batch = { slot, logTimeMs, commands, previous: mark, next, records };
  return { batch, groups, admissions, opened, waiters };
}

export function markAfter(mark: AppliedMark, { slot, value }: ChosenEntry, checksum: Checksum): AppliedMark {
  const { clusterId, group, digest } = mark;
  return { clusterId, group, slot, digest: chainDigest(digest, slot, value, checksum) };
}

function admit(
  group: Extract<BatchGroup, { kind: 'commands' }>,
  commands: ChosenCommand<unknown>[],
  sessions: SessionTable,
  backend: Backend,
): readonly Admission[] {
  const admissions: Admission[] = [];
  sessions.acknowledge(group.session, group.ackSequence);
  for (const { sequence, bytes } of group.commands) {
    const admission = sessions.admit(group.session, sequence, group.ackSequence);
    if (admission.kind === 'execute')
      commands.push({ command: backend.decode(bytes), ordinal: commands.length });
    admissions.push(admission);
  }
  return admissions;
}
