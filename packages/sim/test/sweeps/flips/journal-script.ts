/**
 * What the damaged journals hold: a fixed list of writes with everything in it that a journal ever gets, and the model
 * that says what must be there afterwards.
 */
import {
  type AcceptedEntry,
  asNodeId,
  asSlot,
  asWriteSequence,
  type Ballot,
  type JournalWrite,
  maxBallot,
  NOOP,
  type Random,
  streamOf,
  type Value,
  ZERO_BALLOT,
} from '@quorate/core/protocol';

type Unnumbered<T> = T extends unknown ? Omit<T, 'sequence'> : never;
export type Write = Unnumbered<JournalWrite>;

export type HeldEntry = AcceptedEntry & { readonly chosen: boolean };

/** What a journal must give back. */
export type Content = {
  readonly promised: Ballot;
  readonly learnedSlot: number;
  /** By slot. */
  readonly entries: ReadonlyMap<number, HeldEntry>;
  /** Everything that any slot ever held. */
  readonly versions: readonly HeldEntry[];
};

/** One transaction each; the last ones hold entries that nobody has learned. */
export function scriptOf(seed: number): Write[][] {
  const random = streamOf(seed, 'journal');
  const appends: Write[][] = [];
  let round = 1;
  for (let slot = 1; slot <= 46; slot++) {
    if (random.chance(0.15)) round += 1;
    const writes: Write[] = [{ kind: 'accept', entry: entryOf(slot, round, random) }];
    if (slot > 6 && random.chance(0.8)) writes.push({ kind: 'learned', slot: asSlot(slot - 6) });
    // Replaced by a higher ballot, and learned from a peer.
    if (slot > 3 && random.chance(0.2))
      writes.push({ kind: 'accept', entry: entryOf(slot - 2, ++round, random) });
    if (slot > 3 && random.chance(0.2))
      writes.push({ kind: 'chosen', entry: entryOf(slot - 1, round, random) });
    if (random.chance(0.1)) writes.push({ kind: 'promise', ballot: { round: ++round, node: asNodeId(2) } });
    appends.push(writes);
  }
  appends.push([{ kind: 'promise', ballot: { round: round + 5, node: asNodeId(3) } }]);
  return appends;
}

export function numbered(writes: readonly Write[], first: number): JournalWrite[] {
  return writes.map((write, index) => ({ ...write, sequence: asWriteSequence(first + index) }));
}

/** What must be there after these appends, by the journal's contract. */
export function contentAfter(appends: readonly (readonly Write[])[]): Content {
  const entries = new Map<number, HeldEntry>();
  const versions: HeldEntry[] = [];
  let promised = ZERO_BALLOT;
  let learnedSlot = 0;
  for (const write of appends.flat()) {
    if (write.kind === 'promise') promised = maxBallot(promised, write.ballot);
    if (write.kind === 'accept') promised = maxBallot(promised, write.entry.ballot);
    if (write.kind === 'learned') learnedSlot = Math.max(learnedSlot, write.slot);
    if (write.kind !== 'accept' && write.kind !== 'chosen') continue;
    const { slot } = write.entry;
    // A chosen entry stays.
    if (entries.get(slot)?.chosen === true) continue;
    const held = { ...write.entry, chosen: write.kind === 'chosen' };
    entries.set(slot, held);
    versions.push(held);
  }
  // Chosen entries that follow without a gap are learned as well.
  while (entries.get(learnedSlot + 1)?.chosen === true) learnedSlot += 1;
  return { promised, learnedSlot, entries, versions };
}

function entryOf(slot: number, round: number, random: Random): AcceptedEntry {
  return {
    slot: asSlot(slot),
    ballot: { round, node: asNodeId(random.between(1, 3)) },
    value: valueOf(slot, random),
  };
}

function valueOf(slot: number, random: Random): Value {
  if (random.chance(0.1)) return NOOP;
  // Some fill a page of the database and more.
  const length = random.chance(0.1) ? random.between(4000, 20_000) : random.between(1, 700);
  const bytes = Uint8Array.from({ length }, () => random.below(256));
  return { kind: 'batch', stampMs: 1_000_000 + slot, bytes };
}
