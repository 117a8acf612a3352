/**
 * What survives the crash of a node in tests: the flushed part of a `MemoryJournal`. One journal has it open at
 * a time. Copying it gives the disk of a node that was restored from a backup.
 */
import { QuorateError } from '@quorate/wire';
import type { JournalIdentity, OpenedJournal, PeerRecord } from '../ports/journal.ts';
import { maxBallot, ZERO_BALLOT } from '../protocol/ballot.ts';
import type { JournalImage, JournalWrite } from '../protocol/replica-types.ts';
import {
  type AcceptedEntry,
  asSlot,
  type Ballot,
  type ChosenEntry,
  type NodeId,
  SLOT_ZERO,
  type Slot,
} from '../protocol/types.ts';

type Held = { readonly entry: AcceptedEntry; readonly chosen: boolean };

export class MemoryDisk {
  readonly storageId: string;
  /** By slot. */
  readonly entries: Map<Slot, Held> = new Map();
  readonly peers: Map<NodeId, PeerRecord> = new Map();
  identity: JournalIdentity | undefined;
  incarnation = 0;
  promised: Ballot = ZERO_BALLOT;
  learnedSlot: Slot = SLOT_ZERO;
  #inUse = false;

  /** `storageId`: 32 hexadecimal digits, by the test's own numbering or generator. */
  constructor(storageId: string) {
    this.storageId = storageId;
  }

  copy(): MemoryDisk {
    const other = new MemoryDisk(this.storageId);
    for (const [slot, held] of this.entries) other.entries.set(slot, held);
    for (const [node, peer] of this.peers) other.peers.set(node, peer);
    other.identity = this.identity;
    other.incarnation = this.incarnation;
    other.promised = this.promised;
    other.learnedSlot = this.learnedSlot;
    return other;
  }

  /** @throws JOURNAL_LOCKED, JOURNAL_FOREIGN */
  acquire(identity: JournalIdentity): OpenedJournal {
    if (this.#inUse)
      throw new QuorateError('JOURNAL_LOCKED', 'the disk in memory is in use by another journal');
    const formatted = this.identity === undefined;
    this.identity ??= { ...identity };
    requireSame(this.identity, identity);
    this.#inUse = true;
    this.incarnation += 1;
    while (this.entries.get(next(this.learnedSlot))?.chosen === true)
      this.learnedSlot = next(this.learnedSlot);
    const { storageId, incarnation } = this;
    return {
      image: this.image(),
      storageId,
      incarnation,
      peers: [...this.peers.values()].sort((a, b) => a.node - b.node),
      formatted,
    };
  }

  release(): void {
    this.#inUse = false;
  }

  image(): JournalImage {
    const accepted = [...this.entries.values()]
      .filter(({ entry }) => entry.slot > this.learnedSlot)
      .map(({ entry, chosen }) => ({ ...entry, chosen }))
      .sort((left, right) => left.slot - right.slot);
    return { promised: this.promised, learnedSlot: this.learnedSlot, accepted };
  }

  apply(write: Exclude<JournalWrite, { kind: 'learned' }>): void {
    switch (write.kind) {
      case 'promise':
        this.promised = maxBallot(this.promised, write.ballot);
        return;
      case 'accept':
        this.promised = maxBallot(this.promised, write.entry.ballot);
        this.#put(write.entry, false);
        return;
      case 'chosen':
        this.#put(write.entry, true);
        return;
      default:
        return write satisfies never;
    }
  }

  learn(slot: Slot): void {
    if (slot > this.learnedSlot) this.learnedSlot = slot;
  }

  readChosen(fromSlot: Slot, untilSlot: Slot, maxBytes: number, learnedSlot: Slot): ChosenEntry[] {
    const found: ChosenEntry[] = [];
    let bytes = 0;
    for (let slot = fromSlot; slot < untilSlot; slot = next(slot)) {
      const held = this.entries.get(slot);
      if (held === undefined || !(held.chosen || slot <= learnedSlot)) break;
      bytes += held.entry.value.kind === 'batch' ? held.entry.value.bytes.length : 0;
      if (found.length > 0 && bytes > maxBytes) break;
      found.push(held.entry);
    }
    return found;
  }

  #put(entry: AcceptedEntry, chosen: boolean): void {
    if (this.entries.get(entry.slot)?.chosen !== true) this.entries.set(entry.slot, { entry, chosen });
  }
}

/** The higher of two learned slots. @throws INVARIANT when the disk does not hold every slot on the way. */
export function maxLearned(from: Slot, to: Slot, disk: MemoryDisk): Slot {
  for (let slot = next(from); slot <= to; slot = next(slot)) {
    if (disk.entries.has(slot)) continue;
    throw new QuorateError(
      'INVARIANT',
      `slot ${to} was to be recorded as learned while slot ${slot} is not in the journal`,
      {
        details: { invariant: 'LEARNED-HELD', slot },
      },
    );
  }
  return to > from ? to : from;
}

function next(slot: Slot): Slot {
  return asSlot(slot + 1);
}

function requireSame(stored: JournalIdentity, expected: JournalIdentity): void {
  const differs = (['clusterId', 'genesisDigest', 'node', 'group'] as const).filter(
    (field) => stored[field] !== expected[field],
  );
  if (differs.length === 0) return;
  const here = differs.map((field) => `${field} ${stored[field]}`).join(', ');
  throw new QuorateError('JOURNAL_FOREIGN', `the disk in memory belongs to ${here}`);
}
