/**
 * How writes and entries cross the thread boundary: packed into one fresh buffer each, which is handed over
 * without a copy. Left to itself, the structured clone would copy, for every value, all of the buffer behind it.
 * Both sides are always the same build, so there is no version and no defence here.
 */
import { ByteReader, ByteWriter } from '@quorate/wire';
import type { JournalWrite } from '../../protocol/replica-types.ts';
import {
  type AcceptedEntry,
  asNodeId,
  asSlot,
  asWriteSequence,
  type Ballot,
  NOOP,
} from '../../protocol/types.ts';

const KINDS = ['promise', 'accept', 'chosen', 'learned'] as const;

export function encodeWrites(writes: readonly JournalWrite[]): Uint8Array {
  const out = new ByteWriter(sizeHint(writes));
  for (const write of writes) {
    out.u8(KINDS.indexOf(write.kind));
    out.integer(write.sequence);
    switch (write.kind) {
      case 'promise':
        writeBallot(out, write.ballot);
        break;
      case 'accept':
      case 'chosen':
        writeEntry(out, write.entry);
        break;
      case 'learned':
        out.integer(write.slot);
        break;
      default:
        write satisfies never;
    }
  }
  return out.bytes();
}

/** Values are views into `bytes`. */
export function decodeWrites(bytes: Uint8Array): JournalWrite[] {
  const reader = new ByteReader(bytes);
  const writes: JournalWrite[] = [];
  while (reader.remaining > 0) {
    const kind = KINDS[reader.u8()];
    const sequence = asWriteSequence(reader.integer());
    if (kind === 'promise') writes.push({ kind, sequence, ballot: readBallot(reader) });
    else if (kind === 'learned') writes.push({ kind, sequence, slot: asSlot(reader.integer()) });
    else writes.push({ kind: kind ?? 'accept', sequence, entry: readEntry(reader) });
  }
  return writes;
}

export function encodeEntries(entries: readonly AcceptedEntry[]): Uint8Array {
  const out = new ByteWriter();
  for (const entry of entries) writeEntry(out, entry);
  return out.bytes();
}

/** Values are views into `bytes`. */
export function decodeEntries(bytes: Uint8Array): AcceptedEntry[] {
  const reader = new ByteReader(bytes);
  const entries: AcceptedEntry[] = [];
  while (reader.remaining > 0) entries.push(readEntry(reader));
  return entries;
}

function sizeHint(writes: readonly JournalWrite[]): number {
  let size = 0;
  for (const write of writes) {
    const value = 'entry' in write ? write.entry.value : NOOP;
    size += 64 + (value.kind === 'batch' ? value.bytes.length : 0);
  }
  return size;
}

function writeBallot(out: ByteWriter, ballot: Ballot): void {
  out.integer(ballot.round);
  out.integer(ballot.node);
}

function readBallot(reader: ByteReader): Ballot {
  return { round: reader.integer(), node: asNodeId(reader.integer()) };
}

function writeEntry(out: ByteWriter, { slot, ballot, value }: AcceptedEntry): void {
  out.integer(slot);
  writeBallot(out, ballot);
  out.u8(value.kind === 'batch' ? 1 : 0);
  if (value.kind === 'noop') return;
  out.integer(value.stampMs);
  out.block(value.bytes);
}

function readEntry(reader: ByteReader): AcceptedEntry {
  const slot = asSlot(reader.integer());
  const ballot = readBallot(reader);
  if (!reader.flag()) return { slot, ballot, value: NOOP };
  return { slot, ballot, value: { kind: 'batch', stampMs: reader.integer(), bytes: reader.block() } };
}
