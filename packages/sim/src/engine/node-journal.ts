/**
 * The journal of a node over all its lives, in one of two kinds: the simulator's own, which flushes write by write and
 * loses as much as a crash may take, and the production segment journal over a simulated disk, torn writes included.
 *
 * Either way the checkers hear of every write that is on stable storage, through the shadow: what a production journal
 * flushed without living to say so is found when it is opened again.
 */
import type { Clock, Journal, JournalIdentity, OpenedJournal } from '@quorate/core/ports';
import type { Random } from '@quorate/core/protocol';
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

export { SegmentNodeJournal } from '../world/segment-node-journal.ts';
