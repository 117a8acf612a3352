/**
 * The journal of a node over all its lives, in one of two kinds: the simulator's own, which flushes write by write and
 * loses as much as a crash may take, and the production segment journal over a simulated disk, torn writes included.
 *
 * Either way the checkers hear of every write that is on stable storage, through the shadow: what a production journal
 * flushed without living to say so is found when it is opened again.
 */
import type { Clock, Journal, JournalIdentity, OpenedJournal } from '@quorate/core/ports';
import { asWriteSequence, type NodeId, type Random } from '@quorate/core/protocol';
import { SegmentJournal, type SegmentSizes } from '@quorate/core/segment-journal';
import { ballotKey } from '../ledger.ts';
import { createSimDisk, type SimDisk as FileDisk, type SimDiskFaults } from '../world/disk/index.ts';
import { type DiskFaults, type SimDisk, SimJournal } from '../world/journal.ts';
import type { Scheduler } from '../world/scheduler.ts';
import type { Lifeline } from './lifeline.ts';

export type OpenJournal = { readonly journal: Journal; readonly opened: OpenedJournal };

export interface NodeJournal {
  /** What is certainly on stable storage, for the checkers. */
  readonly shadow: SimDisk;
  /** @throws QuorateError JOURNAL_IO or JOURNAL_CORRUPT */
  open(lifeline: Lifeline, clock: Clock, identity: JournalIdentity, random: Random): OpenJournal;
  /** The process is dead; with `power`, its machine too. Returns how many writes were lost, as far as known. */
  crash(power: boolean): number;
}

export class PromptJournal implements NodeJournal {
  readonly shadow: SimDisk;
  readonly #scheduler: Scheduler;
  readonly #faults: () => DiskFaults;
  #journal: SimJournal | undefined;

  constructor(shadow: SimDisk, scheduler: Scheduler, faults: () => DiskFaults) {
    this.shadow = shadow;
    this.#scheduler = scheduler;
    this.#faults = faults;
  }

  open(lifeline: Lifeline, _clock: Clock, _identity: JournalIdentity, random: Random): OpenJournal {
    const journal = new SimJournal(this.shadow, this.#scheduler, random, this.#faults, (callback) =>
      lifeline.wake('input', callback),
    );
    this.#journal = journal;
    return { journal, opened: journal.openNow() };
  }

  crash(): number {
    const lost = this.#journal?.crash('some') ?? 0;
    this.#journal = undefined;
    return lost;
  }
}

/** So small that a short run has many segments. */
const SMALL_SEGMENTS: SegmentSizes = { firstBytes: 2048, maxBytes: 8192 };

export class SegmentNodeJournal implements NodeJournal {
  readonly shadow: SimDisk;
  readonly #node: NodeId;
  readonly #disk: FileDisk;
  readonly #scheduler: Scheduler;
  #waiting = 0;

  constructor(
    node: NodeId,
    shadow: SimDisk,
    scheduler: Scheduler,
    random: Random,
    faults: () => SimDiskFaults,
  ) {
    this.shadow = shadow;
    this.#node = node;
    this.#scheduler = scheduler;
    this.#disk = createSimDisk({
      random,
      faults,
      after: (delayMs, run) => scheduler.after(delayMs, run),
      path: `disk of node ${node}`,
    });
  }

  open(lifeline: Lifeline, clock: Clock, identity: JournalIdentity): OpenJournal {
    const inner = new SegmentJournal({
      disk: this.#disk.mount((callback) => lifeline.wake('input', callback)),
      clock,
      newStorageId: () => this.#node.toString(16).padStart(32, '0'),
      defer: (callback) => this.#scheduler.after(0, () => lifeline.wake('input', callback)),
      sizes: SMALL_SEGMENTS,
    });
    const opened = inner.openNow(identity);
    this.#waiting = 0;
    this.#recognize(opened);
    return { journal: this.#watched(inner), opened };
  }

  crash(power: boolean): number {
    this.#disk.crash(power ? 'power' : 'process');
    return this.#waiting;
  }

  #watched(inner: SegmentJournal): Journal {
    return {
      open: (identity) => inner.open(identity),
      append: (writes, done) => {
        this.#waiting += writes.length;
        inner.append(writes, (error) => {
          this.#waiting -= writes.length;
          if (error === undefined) for (const write of writes) this.shadow.apply(write);
          done(error);
        });
      },
      readEntries: (fromSlot, untilSlot, maxBytes) => inner.readEntries(fromSlot, untilSlot, maxBytes),
      rememberPeer: (record) => inner.rememberPeer(record),
      close: () => inner.close(),
      flushMs: () => inner.flushMs(),
    };
  }

  /** Writes that reached the disk although the process did not live to hear of it. */
  #recognize({ image }: OpenedJournal): void {
    const { shadow } = this;
    const sequence = asWriteSequence(0);
    if (ballotKey(image.promised) > ballotKey(shadow.promised))
      shadow.apply({ kind: 'promise', sequence, ballot: image.promised });
    for (const { chosen, ...entry } of image.accepted) {
      const known = shadow.entries.get(entry.slot);
      if (
        known !== undefined &&
        known.chosen === chosen &&
        ballotKey(known.ballot) === ballotKey(entry.ballot)
      )
        continue;
      shadow.apply({ kind: chosen ? 'chosen' : 'accept', sequence, entry });
    }
    shadow.learnedSlot = image.learnedSlot;
  }
}
