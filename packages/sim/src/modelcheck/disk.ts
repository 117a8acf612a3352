/**
 * The durable image of a node in the model: what a crash leaves. Immutable; a write makes a new one.
 *
 * Has the meaning of the real journal: an acceptance raises the promise in the same transaction, a chosen entry is
 * never replaced, and a learned slot reaches the disk only together with a write that needs a flush of its own.
 */
import type {
  AcceptedEntry,
  Ballot,
  ChosenEntry,
  JournalImage,
  JournalWrite,
  Slot,
} from '@quorate/core/protocol';
import { keyOf } from './ballot-key.ts';
import type { Protocol } from './protocol.ts';

export type HeldEntry = AcceptedEntry & { readonly chosen: boolean };

export type Disk = {
  readonly promised: Ballot;
  readonly learnedSlot: Slot;
  /** How far a durable backend has applied; 0 with a backend in memory. */
  readonly appliedSlot: Slot;
  /** Ascending by slot. */
  readonly entries: readonly HeldEntry[];
};

export type FlushedWrite = Exclude<JournalWrite, { kind: 'learned' }>;

export function emptyDisk(protocol: Protocol): Disk {
  const { SLOT_ZERO, ZERO_BALLOT } = protocol;
  return { promised: ZERO_BALLOT, learnedSlot: SLOT_ZERO, appliedSlot: SLOT_ZERO, entries: [] };
}

/** `learnedSlot`: what the journal was told to be learned before this write. */
export function store(disk: Disk, write: FlushedWrite, learnedSlot: Slot): Disk {
  const ballot = ballotOf(write);
  const promised = ballot !== undefined && keyOf(ballot) > keyOf(disk.promised) ? ballot : disk.promised;
  const entries = write.kind === 'promise' ? disk.entries : withEntry(disk.entries, write);
  return { ...disk, promised, entries, learnedSlot };
}

/** The ballot that the write binds the node to. */
export function ballotOf(write: FlushedWrite): Ballot | undefined {
  switch (write.kind) {
    case 'promise':
      return write.ballot;
    case 'accept':
      return write.entry.ballot;
    case 'chosen':
      return undefined;
    default:
      return write satisfies never;
  }
}

function withEntry(
  entries: readonly HeldEntry[],
  write: Exclude<FlushedWrite, { kind: 'promise' }>,
): readonly HeldEntry[] {
  const { slot, ballot, value } = write.entry;
  if (heldAt(entries, slot)?.chosen === true) return entries;
  const others = entries.filter((held) => held.slot !== slot);
  return [...others, { slot, ballot, value, chosen: write.kind === 'chosen' }].sort(
    (a, b) => a.slot - b.slot,
  );
}

export function heldAt(entries: readonly HeldEntry[], slot: number): HeldEntry | undefined {
  return entries.find((held) => held.slot === slot);
}

/** What a node that starts finds. */
export function imageOf(protocol: Protocol, disk: Disk): JournalImage {
  let { learnedSlot } = disk;
  while (heldAt(disk.entries, learnedSlot + 1)?.chosen === true)
    learnedSlot = protocol.asSlot(learnedSlot + 1);
  const accepted = disk.entries.filter((held) => held.slot > learnedSlot);
  return { promised: disk.promised, learnedSlot, accepted };
}

/**
 * Entries from `fromSlot` up to, not including, `untilSlot`, as far as they are held. That they are the chosen ones is
 * for the core to know before it asks: no journal has to.
 */
export function readEntries(disk: Disk, fromSlot: Slot, untilSlot: Slot, maxEntries: number): ChosenEntry[] {
  const found: ChosenEntry[] = [];
  for (let slot: number = fromSlot; slot < untilSlot && found.length < maxEntries; slot++) {
    const held = heldAt(disk.entries, slot);
    if (held === undefined) break;
    found.push({ slot: held.slot, ballot: held.ballot, value: held.value });
  }
  return found;
}
