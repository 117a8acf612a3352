/**
 * The production segment journal of one node over a simulated disk, over all its lives.
 *
 * The checkers hear of every write that is on stable storage through the shadow: what a journal flushed without living
 * to say so is found when it is opened again.
 */
import type { Clock, Journal, JournalIdentity, OpenedJournal } from '@quorate/core/ports';
import { asWriteSequence, type NodeId, type Random } from '@quorate/core/protocol';
import { SegmentJournal, type SegmentSizes } from '@quorate/core/segment-journal';
import { ballotKey } from '../ledger.ts';
import { createSimDisk, type SimDisk as FileDisk, type SimDiskFaults } from './disk/index.ts';
import type { SimDisk } from './journal.ts';
import type { Scheduler } from './scheduler.ts';

/** Reaches the process: now, when it goes on, or never. */
export type Wake = { wake(kind: 'input', run: () => void): void };

/** So small that a short run has many segments. */
const SMALL_SEGMENTS: SegmentSizes = { firstBytes: 2048, maxBytes: 8192 };

export class SegmentNodeJournal {
  readonly shadow: SimDisk;
  readonly #node: NodeId;
  /** For those who damage it. */
  readonly disk: FileDisk;
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
    this.disk = createSimDisk({
      random,
      faults,
      after: (delayMs, run) => scheduler.after(delayMs, run),
      path: `disk of node ${node}`,
    });
  }

  /** @throws QuorateError JOURNAL_IO or JOURNAL_CORRUPT */
  open(
    lifeline: Wake,
    clock: Clock,
    identity: JournalIdentity,
  ): { readonly journal: Journal; readonly opened: OpenedJournal } {
    const inner = new SegmentJournal({
      disk: this.disk.mount((callback) => lifeline.wake('input', callback)),
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
    this.disk.crash(power ? 'power' : 'process');
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
      onFailure: (hear) => inner.onFailure(hear),
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
