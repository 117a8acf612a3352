/**
 * A journal that flushes when it is told to: the player's counterpart of the simulated one, on the same disk.
 */
import type { Journal, OpenedJournal, PeerRecord } from '@quorate/core/ports';
import type { ChosenEntry, JournalWrite, Slot } from '@quorate/core/protocol';
import type { SimDisk } from '../world/journal.ts';

type Done = Parameters<Journal['append']>[1];
type Append = { readonly writes: readonly JournalWrite[]; readonly done: Done; flushed: number };

export class PlayedJournal implements Journal {
  readonly #disk: SimDisk;
  readonly #appends: Append[] = [];

  constructor(disk: SimDisk) {
    this.#disk = disk;
  }

  openNow(): OpenedJournal {
    return this.#disk.open();
  }

  open(): Promise<OpenedJournal> {
    return Promise.resolve(this.openNow());
  }

  append(writes: readonly JournalWrite[], done: Done): void {
    this.#appends.push({ writes, done, flushed: 0 });
  }

  /** Puts the oldest `writes` that are not yet there on disk. Returns how many there were. */
  flush(writes: number): number {
    let left = writes;
    for (const append of this.#appends) {
      while (left > 0 && append.flushed < append.writes.length) {
        this.#disk.apply(append.writes[append.flushed++] as JournalWrite);
        left -= 1;
      }
    }
    return writes - left;
  }

  /** Tells of the oldest append that is on disk and was not told of. False when there is none. */
  tell(): boolean {
    const [oldest] = this.#appends;
    if (oldest === undefined || oldest.flushed < oldest.writes.length) return false;
    this.#appends.shift();
    oldest.done(undefined);
    return true;
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
    return Promise.resolve();
  }

  flushMs(): { readonly p50: number; readonly p99: number } {
    return { p50: 0, p99: 0 };
  }
}
