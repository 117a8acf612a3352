/**
 * One life of a process with the production journal: the process dies when its journal fails, and never comes back when
 * the journal is damaged. Safe, or halted: a halted node is out of the quorum like a wiped one.
 */
import type { Clock, Journal, JournalIdentity, OpenedJournal, PeerRecord } from '@quorate/core/ports';
import type { ChosenEntry, JournalWrite, Slot } from '@quorate/core/protocol';
import { QuorateError } from '@quorate/wire';
import type { CrashKeeps } from './journal.ts';
import type { SegmentNodeJournal } from './segment-node-journal.ts';

/** What a process needs of its journal, whichever kind it is. */
export type JournalLife = Journal & {
  openNow(): OpenedJournal;
  /** Returns how many writes were lost, as far as known. */
  crash(keeps: CrashKeeps, power: boolean): number;
};

export type SegmentLifeOptions = {
  readonly storage: SegmentNodeJournal;
  readonly clock: Clock;
  readonly identity: JournalIdentity;
  readonly deliver: (callback: () => void) => void;
  /** Ends the process with the journal's error. Does not return. */
  readonly onFailure: (error: QuorateError) => never;
};

export class SegmentLife implements JournalLife {
  readonly #options: SegmentLifeOptions;
  #journal: Journal | undefined;

  constructor(options: SegmentLifeOptions) {
    this.#options = options;
  }

  openNow(): OpenedJournal {
    const { storage, clock, identity, deliver } = this.#options;
    return this.#orDie(() => {
      const { journal, opened } = storage.open({ wake: (_kind, run) => deliver(run) }, clock, identity);
      this.#journal = journal;
      journal.onFailure((error) => this.#options.onFailure(error));
      return opened;
    });
  }

  open(): Promise<OpenedJournal> {
    return Promise.resolve(this.openNow());
  }

  append(writes: readonly JournalWrite[], done: (error: QuorateError | undefined) => void): void {
    this.#journal?.append(writes, (error) => {
      if (error !== undefined) this.#options.onFailure(error);
      done(undefined);
    });
  }

  readEntries(fromSlot: Slot, untilSlot: Slot, maxBytes: number): readonly ChosenEntry[] {
    return this.#orDie(() => this.#journal?.readEntries(fromSlot, untilSlot, maxBytes) ?? []);
  }

  onFailure(): void {
    // The process hears of it: see the options.
  }

  rememberPeer(record: PeerRecord): void {
    this.#orDie(() => this.#journal?.rememberPeer(record));
  }

  async close(): Promise<void> {
    await this.#journal?.close();
  }

  flushMs(): { readonly p50: number; readonly p99: number } {
    return this.#journal?.flushMs() ?? { p50: Number.NaN, p99: Number.NaN };
  }

  crash(_keeps: CrashKeeps, power: boolean): number {
    return this.#options.storage.crash(power);
  }

  #orDie<T>(step: () => T): T {
    try {
      return step();
    } catch (error) {
      if (error instanceof QuorateError) this.#options.onFailure(error);
      throw error;
    }
  }
}
