/**
 * The question to every damaged journal: is it refused aloud, or is it what it was?
 *
 * First looked at for people, then opened, read to the end, written to, closed, opened and read again. In between
 * anything may be refused with an error of the journal's; what is given must be exactly what was acknowledged.
 */
import { type OpenedJournal, openJournalDump } from '@quorate/core';
import { type AcceptedEntry, asNodeId, asSlot, describeBallot, isHigher, NOOP } from '@quorate/core/protocol';
import { equalBytes, QuorateError } from '@quorate/wire';
import {
  appendAll,
  IDENTITY,
  type ImageName,
  type JournalImageFiles,
  journalOf,
  PEERS,
} from './journal-image.ts';
import type { Content, HeldEntry, Write } from './journal-script.ts';

export type JournalVerdict =
  | { readonly kind: 'same' }
  | { readonly kind: 'refused'; readonly when: 'opened' | 'read' | 'written'; readonly code: string }
  | { readonly kind: 'wrong'; readonly what: string };

/** Errors with which a journal may refuse damage. */
const REFUSALS: readonly string[] = ['JOURNAL_CORRUPT', 'JOURNAL_IO', 'JOURNAL_FOREIGN'];
/** Written after the first look: enough to take pages from what the database believes to be free. */
const MORE_ENTRIES = 6;
const MORE_BYTES = 9000;

class Wrong extends Error {}

export async function judgeJournal(directory: string, image: JournalImageFiles): Promise<JournalVerdict> {
  try {
    inspect(directory, image.content);
    const more = moreAfter(image.content);
    const first = await visit(image.name, directory, image.content, image.incarnation, more);
    if (first !== undefined) return first;
    const second = await visit(
      image.name,
      directory,
      withMore(image.content, more),
      image.incarnation + 1,
      [],
    );
    return second ?? { kind: 'same' };
  } catch (error) {
    if (error instanceof Wrong) return { kind: 'wrong', what: error.message };
    return {
      kind: 'wrong',
      what: `not an error of the journal: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    };
  }
}

/**
 * What `quorate inspect` would say: an error of the journal, or entries that were written once. Not necessarily the
 * newest: people look at damaged journals, and see what is left of them.
 */
function inspect(directory: string, content: Content): void {
  try {
    const dump = openJournalDump(directory);
    try {
      if (isHigher(dump.promised, content.promised))
        throw new Wrong(`inspect shows promise ${describeBallot(dump.promised)}`);
      for (const { intact, ...entry } of dump.entries()) {
        const wasWritten = content.versions.some(
          (version) => version.slot === entry.slot && isSame(entry, version),
        );
        if (intact && !wasWritten)
          throw new Wrong(`inspect shows slot ${entry.slot} as intact with a content that was never written`);
      }
    } finally {
      dump.close();
    }
  } catch (error) {
    codeOf(error);
  }
}

/** Opens, reads everything, writes `more`, closes. Undefined when nothing was refused. */
async function visit(
  name: ImageName,
  directory: string,
  content: Content,
  incarnation: number,
  more: readonly Write[][],
): Promise<JournalVerdict | undefined> {
  const journal = journalOf(name, directory);
  let when: 'opened' | 'read' | 'written' = 'opened';
  try {
    requireOpened(await journal.open(IDENTITY), content, incarnation);
    when = 'read';
    const read = journal.readEntries(asSlot(1), asSlot(content.learnedSlot + 1), Number.MAX_SAFE_INTEGER);
    for (const entry of read) requireEntry(entry, content, 'it serves');
    if (read.length !== content.learnedSlot)
      throw new Wrong(`it serves ${read.length} of ${content.learnedSlot} learned entries`);
    when = 'written';
    await appendAll(journal, more);
    await journal.close();
    return undefined;
  } catch (error) {
    return { kind: 'refused', when, code: codeOf(error) };
  } finally {
    await journal.close().catch(codeOf);
  }
}

function requireOpened({ image, incarnation, peers }: OpenedJournal, content: Content, wanted: number): void {
  if (describeBallot(image.promised) !== describeBallot(content.promised))
    throw new Wrong(
      `it opens with promise ${describeBallot(image.promised)} instead of ${describeBallot(content.promised)}`,
    );
  if (image.learnedSlot !== content.learnedSlot)
    throw new Wrong(`it opens with learned slot ${image.learnedSlot} instead of ${content.learnedSlot}`);
  if (incarnation !== wanted) throw new Wrong(`it opens as incarnation ${incarnation} instead of ${wanted}`);
  if (JSON.stringify(peers) !== JSON.stringify(PEERS))
    throw new Wrong(`it opens with peers ${JSON.stringify(peers)}`);
  const tail = [...content.entries.values()].filter(({ slot }) => slot > content.learnedSlot);
  if (image.accepted.length !== tail.length)
    throw new Wrong(`it opens with ${image.accepted.length} of ${tail.length} unlearned entries`);
  for (const entry of image.accepted) requireEntry(entry, content, 'it opens with');
}

function requireEntry(
  entry: AcceptedEntry & { readonly chosen?: boolean },
  content: Content,
  who: string,
): void {
  const wanted = content.entries.get(entry.slot);
  if (wanted === undefined) throw new Wrong(`${who} slot ${entry.slot}, which was never written`);
  if (!isSame(entry, wanted))
    throw new Wrong(
      `${who} slot ${entry.slot} at ballot ${describeBallot(entry.ballot)} with another content`,
    );
}

function isSame(entry: AcceptedEntry & { readonly chosen?: boolean }, wanted: HeldEntry): boolean {
  if (describeBallot(entry.ballot) !== describeBallot(wanted.ballot)) return false;
  if (entry.chosen !== undefined && entry.chosen !== wanted.chosen) return false;
  if (entry.value.kind === 'noop' || wanted.value.kind === 'noop')
    return entry.value.kind === wanted.value.kind;
  return entry.value.stampMs === wanted.value.stampMs && equalBytes(entry.value.bytes, wanted.value.bytes);
}

/** The code of a refusal; anything that is none goes on. */
function codeOf(error: unknown): string {
  if (error instanceof QuorateError && REFUSALS.includes(error.code)) return error.code;
  throw error;
}

function moreAfter(content: Content): Write[][] {
  const last = Math.max(...content.entries.keys());
  return Array.from({ length: MORE_ENTRIES }, (_, index): Write[] => {
    const value =
      index === 0
        ? NOOP
        : ({ kind: 'batch', stampMs: 1, bytes: new Uint8Array(MORE_BYTES).fill(index) } as const);
    return [
      {
        kind: 'accept',
        entry: {
          slot: asSlot(last + 1 + index),
          ballot: { round: content.promised.round + 1, node: asNodeId(1) },
          value,
        },
      },
    ];
  });
}

function withMore(content: Content, more: readonly Write[][]): Content {
  const entries = new Map(content.entries);
  let { promised } = content;
  for (const write of more.flat()) {
    if (write.kind !== 'accept') continue;
    entries.set(write.entry.slot, { ...write.entry, chosen: false });
    promised = write.entry.ballot;
  }
  return { ...content, entries, promised };
}
