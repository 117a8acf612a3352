/**
 * A node's disk and the journal on it. The disk outlives the process; the journal is one incarnation's door to it.
 *
 * Writes become durable in order, when the flush that covers them ends. A crash keeps a random prefix of what was
 * written and not flushed, write by write: stricter than a journal that appends in transactions. Implements the
 * product's journal port; `readEntries` sees flushed writes only, as the port says.
 */

import type { Journal, JournalIdentity, OpenedJournal, PeerRecord } from '@quorate/core/ports';
import type {
  AcceptedEntry,
  Ballot,
  ChosenEntry,
  JournalImage,
  JournalWrite,
  NodeId,
  Random,
  Slot,
} from '@quorate/core/protocol';
import { asSlot, maxBallot, ZERO_BALLOT } from '@quorate/core/protocol';
import type { QuorateError } from '@quorate/wire';
import type { Scheduler } from './scheduler.ts';

export type DiskFaults = {
  readonly flushMs: number;
  /** Probability that a flush takes `stallMs` instead. */
  readonly stallChance: number;
  readonly stallMs: number;
};

/** What of the writes that were not flushed survives a crash. 'some': a random beginning. */
export type CrashKeeps = 'none' | 'some' | 'all';

export type DiskObserver = {
  /** The write is on stable storage. */
  onDurable(node: NodeId, write: JournalWrite): void;
};

export type HeldEntry = AcceptedEntry & { readonly chosen: boolean };

/** What is on stable storage, and nothing else. */
export class SimDisk {
  readonly node: NodeId;
  readonly entries: Map<number, HeldEntry> = new Map();
  readonly #peers: Map<NodeId, PeerRecord> = new Map();
  readonly #observer: DiskObserver;
  promised: Ballot = ZERO_BALLOT;
  learnedSlot: Slot = asSlot(0);
  incarnation = 0;

  constructor(node: NodeId, observer: DiskObserver) {
    this.node = node;
    this.#observer = observer;
  }

  apply(write: JournalWrite): void {
    switch (write.kind) {
      case 'promise':
        this.promised = maxBallot(this.promised, write.ballot);
        break;
      case 'accept':
        this.promised = maxBallot(this.promised, write.entry.ballot);
        this.entries.set(write.entry.slot, { ...write.entry, chosen: false });
        break;
      case 'chosen':
        this.entries.set(write.entry.slot, { ...write.entry, chosen: true });
        break;
      case 'learned':
        this.learnedSlot = write.slot;
        break;
      default:
        write satisfies never;
    }
    this.#observer.onDurable(this.node, write);
  }

  image(): JournalImage {
    const accepted = [...this.entries.values()].filter((entry) => entry.slot > this.learnedSlot);
    accepted.sort((left, right) => left.slot - right.slot);
    return { promised: this.promised, learnedSlot: this.learnedSlot, accepted };
  }

  /** One more life of the node begins on this disk. */
  open(): OpenedJournal {
    this.incarnation += 1;
    return {
      image: this.image(),
      storageId: this.node.toString(16).padStart(32, '0'),
      incarnation: this.incarnation,
      peers: this.peers,
      formatted: this.incarnation === 1,
    };
  }

  /** As the journal's port says. */
  readEntries(fromSlot: Slot, untilSlot: Slot, maxBytes: number): readonly ChosenEntry[] {
    const entries: ChosenEntry[] = [];
    let bytes = 0;
    for (let slot: number = fromSlot; slot < untilSlot; slot++) {
      const held = this.entries.get(slot);
      // Accepted is not chosen: what replaces it may not be flushed yet.
      if (held === undefined || !(held.chosen || slot <= this.learnedSlot)) break;
      bytes += held.value.kind === 'batch' ? held.value.bytes.length : 0;
      if (entries.length > 0 && bytes > maxBytes) break;
      entries.push({ slot: held.slot, ballot: held.ballot, value: held.value });
    }
    return entries;
  }

  remember(record: PeerRecord): void {
    this.#peers.set(record.node, record);
  }

  get peers(): PeerRecord[] {
    return [...this.#peers.values()].sort((left, right) => left.node - right.node);
  }
}

type Append = {
  readonly writes: readonly JournalWrite[];
  readonly done: (error: QuorateError | undefined) => void;
};

export class SimJournal implements Journal {
  readonly #disk: SimDisk;
  readonly #scheduler: Scheduler;
  readonly #random: Random;
  readonly #faults: () => DiskFaults;
  readonly #deliver: (callback: () => void) => void;
  #queued: Append[] = [];
  #flushing: Append[] = [];
  #closed = false;

  constructor(
    disk: SimDisk,
    scheduler: Scheduler,
    random: Random,
    faults: () => DiskFaults,
    deliver: (callback: () => void) => void,
  ) {
    this.#disk = disk;
    this.#scheduler = scheduler;
    this.#random = random;
    this.#faults = faults;
    this.#deliver = deliver;
  }

  openNow(): OpenedJournal {
    return this.#disk.open();
  }

  open(_identity: JournalIdentity): Promise<OpenedJournal> {
    return Promise.resolve(this.openNow());
  }

  append(writes: readonly JournalWrite[], done: (error: QuorateError | undefined) => void): void {
    this.#queued.push({ writes, done });
    if (this.#flushing.length === 0) this.#flush();
  }

  readEntries(fromSlot: Slot, untilSlot: Slot, maxBytes: number): readonly ChosenEntry[] {
    return this.#disk.readEntries(fromSlot, untilSlot, maxBytes);
  }

  onFailure(): void {
    // Never fails.
  }

  rememberPeer(record: PeerRecord): void {
    this.#disk.remember(record);
  }

  close(): Promise<void> {
    this.#closed = true;
    return Promise.resolve();
  }

  flushMs(): { readonly p50: number; readonly p99: number } {
    return { p50: this.#faults().flushMs, p99: this.#faults().flushMs };
  }

  /** Power is gone. Returns how many writes were lost. */
  crash(keeps: CrashKeeps): number {
    this.#closed = true;
    const unflushed = [...this.#flushing, ...this.#queued].flatMap((append) => append.writes);
    this.#flushing = [];
    this.#queued = [];
    const some = this.#random.below(unflushed.length + 1);
    const kept = keeps === 'some' ? some : keeps === 'all' ? unflushed.length : 0;
    for (const write of unflushed.slice(0, kept)) this.#disk.apply(write);
    return unflushed.length - kept;
  }

  /** One flush at a time; it covers everything queued when it begins. */
  #flush(): void {
    this.#flushing = this.#queued;
    this.#queued = [];
    const { flushMs, stallChance, stallMs } = this.#faults();
    const stalled = this.#random.chance(stallChance);
    this.#scheduler.after(
      stalled ? stallMs * this.#random.fraction() : flushMs * (0.5 + this.#random.fraction()),
      () => this.#flushed(),
    );
  }

  #flushed(): void {
    if (this.#closed) return;
    const appends = this.#flushing;
    this.#flushing = [];
    // On disk even if the process is paused and hears of it later.
    for (const { writes } of appends) for (const write of writes) this.#disk.apply(write);
    for (const { done } of appends) this.#deliver(() => done(undefined));
    if (this.#queued.length > 0) this.#flush();
  }
}
