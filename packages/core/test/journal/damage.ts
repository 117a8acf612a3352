/**
 * Damaging the files of a journal, and the question that every damage must answer: refused aloud, or whole.
 */
import assert from 'node:assert/strict';
import { cpSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { QuorateError } from '@quorate/wire';
import type { Journal } from '#src/ports/journal.ts';
import type { JournalWrite } from '#src/protocol/replica-types.ts';
import { asSlot, asWriteSequence } from '#src/protocol/types.ts';
import { type Flavour, journalOf } from './flavours.ts';
import { expectedEntry, WRITER_IDENTITY } from './writer-values.ts';

export type Verdict =
  | { readonly kind: 'whole'; readonly slots: number }
  | { readonly kind: 'refused'; readonly code: string; readonly message: string };

/** Copies a directory that no journal has open. */
export function copyIdle(from: string, to: string): string {
  cpSync(from, to, { recursive: true });
  return to;
}

export function flipBit(path: string, offset: number, bit: number): void {
  const bytes = readFileSync(path);
  bytes[offset] = (bytes[offset] ?? 0) ^ (1 << bit);
  writeFileSync(path, bytes);
}

/** Writes zeros from one offset up to another. */
export function zero(path: string, from: number, until: number): void {
  const bytes = readFileSync(path);
  bytes.fill(0, from, until);
  writeFileSync(path, bytes);
}

export function truncate(path: string, bytes: number): void {
  truncateSync(path, bytes);
}

/** Length without the zeros at the end. */
export function usedBytes(path: string): number {
  const bytes = readFileSync(path);
  let length = bytes.length;
  while (length > 0 && bytes[length - 1] === 0) length -= 1;
  return length;
}

/** Opens one more time over `directory` and appends entries `from` to `until`, each in its own transaction. */
export async function writeEntries(
  directory: string,
  from: number,
  until: number,
  valueBytes: number,
  flavour: Flavour = 'main',
): Promise<Journal> {
  const journal = journalOf(flavour, directory);
  await journal.open(WRITER_IDENTITY);
  await appendEntries(journal, from, until, valueBytes);
  return journal;
}

export async function appendEntries(
  journal: Journal,
  from: number,
  until: number,
  valueBytes: number,
): Promise<void> {
  for (let slot = from; slot <= until; slot++) {
    const writes: JournalWrite[] = [
      { kind: 'accept', sequence: asWriteSequence(2 * slot), entry: expectedEntry(slot, valueBytes) },
    ];
    if (slot > 5)
      writes.push({ kind: 'learned', sequence: asWriteSequence(2 * slot + 1), slot: asSlot(slot - 5) });
    await new Promise<void>((resolve, reject) =>
      journal.append(writes, (error) => (error === undefined ? resolve() : reject(error))),
    );
  }
}

/**
 * Opens the damaged directory and reads everything back. Anything that is there must be what was written, without
 * a hole; the verdict says how far it goes. Fails on any other error than a refusal by the journal.
 */
export async function judge(
  directory: string,
  valueBytes: number,
  flavour: Flavour = 'main',
): Promise<Verdict> {
  const journal = journalOf(flavour, directory);
  try {
    const { image } = await journal.open(WRITER_IDENTITY);
    const learned = journal.readEntries(asSlot(1), asSlot(image.learnedSlot + 1), Number.MAX_SAFE_INTEGER);
    assert.equal(learned.length, image.learnedSlot, 'a hole in what was learned was not noticed');
    const entries = [
      ...learned,
      ...image.accepted.map(({ slot, ballot, value }) => ({ slot, ballot, value })),
    ];
    for (const [index, entry] of entries.entries())
      assert.deepEqual(entry, expectedEntry(index + 1, valueBytes));
    assert.equal(image.promised.round, entries.length);
    return { kind: 'whole', slots: entries.length };
  } catch (error) {
    if (!(error instanceof QuorateError)) throw error;
    assert.ok(['JOURNAL_CORRUPT', 'JOURNAL_IO', 'JOURNAL_FOREIGN'].includes(error.code), error.message);
    return { kind: 'refused', code: error.code, message: error.message };
  } finally {
    await journal.close().catch((error: unknown) => assert.ok(error instanceof QuorateError));
  }
}

export const WAL_FILE = 'journal.db-wal';
export const DATABASE_FILE = 'journal.db';
export const WITNESS_FILE = 'witness';

export const inside = (directory: string, file: string): string => join(directory, file);
