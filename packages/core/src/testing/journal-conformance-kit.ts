/**
 * What the parts of the journal's conformance suite share: the thing under test, short spellings of writes, and
 * promises around callbacks.
 */
import type { QuorateError } from '@quorate/wire';
import type { Journal, JournalIdentity, OpenedJournal } from '../ports/journal.ts';
import type { JournalWrite } from '../protocol/replica-types.ts';
import {
  type AcceptedEntry,
  asNodeId,
  asSlot,
  asWriteSequence,
  type Ballot,
  NOOP,
  type Value,
  type WriteSequence,
} from '../protocol/types.ts';

export type ConformanceRunner = {
  describe(title: string, body: () => void): unknown;
  it(title: string, body: () => Promise<void>): unknown;
};

/** One storage and the journals over it. */
export type JournalSubject = {
  /** A journal over the storage, not opened. Only one of them is open at a time, unless a test wants the refusal. */
  create(): Journal;
  /** Ends the last opened journal as `kill -9` would. The next `create` sees what was left. */
  crash(): Promise<void>;
  /** Called once at the end of a test, also of a failed one. */
  destroy(): Promise<void>;
};

export type JournalSubjectFactory = () => JournalSubject | Promise<JournalSubject>;

export const IDENTITY: JournalIdentity = {
  clusterId: 'cluster-a',
  genesisDigest: 'digest-a',
  node: asNodeId(2),
  group: 0,
};

export const ballot = (round: number, node = 1): Ballot => ({ round, node: asNodeId(node) });

export const batch = (text: string, stampMs = 1_700_000_000_000): Value => ({
  kind: 'batch',
  stampMs,
  bytes: Uint8Array.from(text, (character) => character.charCodeAt(0)),
});

export const entry = (
  slot: number,
  round: number,
  value: Value | string | undefined = NOOP,
): AcceptedEntry => ({
  slot: asSlot(slot),
  ballot: ballot(round),
  value: typeof value === 'string' ? batch(value) : value,
});

type Body<Write> = Write extends unknown ? Omit<Write, 'sequence'> : never;
/** A write that has not got its number yet. */
export type WriteBody = Body<JournalWrite>;

export const promise = (round: number, node = 1): WriteBody => ({
  kind: 'promise',
  ballot: ballot(round, node),
});
export const accept = (slot: number, round: number, value?: Value | string): WriteBody => ({
  kind: 'accept',
  entry: entry(slot, round, value),
});
export const chosen = (slot: number, round: number, value?: Value | string): WriteBody => ({
  kind: 'chosen',
  entry: entry(slot, round, value),
});
export const learned = (slot: number): WriteBody => ({ kind: 'learned', slot: asSlot(slot) });

/** One open journal with numbered writes. */
export class OpenJournal {
  readonly journal: Journal;
  readonly opened: OpenedJournal;
  #sequence = 0;

  constructor(journal: Journal, opened: OpenedJournal) {
    this.journal = journal;
    this.opened = opened;
  }

  /** Resolves with what the callback got. */
  append(...bodies: WriteBody[]): Promise<QuorateError | undefined> {
    return new Promise((resolve) => this.journal.append(this.number(bodies), resolve));
  }

  /** @throws when the callback got an error. */
  async write(...bodies: WriteBody[]): Promise<void> {
    const error = await this.append(...bodies);
    if (error !== undefined) throw error;
  }

  /** Entries from `fromSlot` until before `untilSlot`, as `slot:text` or `slot:noop`. */
  texts(fromSlot: number, untilSlot: number, maxBytes: number = 1 << 20): string[] {
    return this.journal.readEntries(asSlot(fromSlot), asSlot(untilSlot), maxBytes).map(describeEntry);
  }

  number(bodies: readonly WriteBody[]): JournalWrite[] {
    return bodies.map((body) => ({ ...body, sequence: this.#nextSequence() }) as JournalWrite);
  }

  #nextSequence(): WriteSequence {
    this.#sequence += 1;
    return asWriteSequence(this.#sequence);
  }
}

export function describeEntry({ slot, value }: AcceptedEntry): string {
  return `${slot}:${value.kind === 'noop' ? 'noop' : String.fromCharCode(...value.bytes)}`;
}

export async function open(
  subject: JournalSubject,
  identity: JournalIdentity = IDENTITY,
): Promise<OpenJournal> {
  const journal = subject.create();
  return new OpenJournal(journal, await journal.open(identity));
}

/** Closes one journal and opens the next over the same storage. */
export async function reopen(subject: JournalSubject, before: OpenJournal): Promise<OpenJournal> {
  await before.journal.close();
  return open(subject);
}

/** Registers a test that gets a fresh subject and never leaves it behind. */
export function withSubject(
  runner: ConformanceRunner,
  factory: JournalSubjectFactory,
  title: string,
  body: (subject: JournalSubject) => Promise<void>,
): void {
  runner.it(title, async () => {
    const subject = await factory();
    try {
      await body(subject);
    } finally {
      await subject.destroy();
    }
  });
}
