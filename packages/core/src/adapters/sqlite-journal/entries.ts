/**
 * Rows of `entries`: writing them, reading them back, and checking each against its checksum.
 */
import {
  type AcceptedEntry,
  asNodeId,
  asSlot,
  type ChosenEntry,
  NOOP,
  type Slot,
  type Value,
} from '../../protocol/types.ts';
import { corrupt } from '../journal-common/trouble.ts';
import { type EntryFields, entryCrc } from './checksums.ts';
import type { Connection, Statement } from './connection.ts';
import { positionOf } from './schema.ts';

export type StoredEntry = AcceptedEntry & { readonly chosen: boolean; readonly crc: number };

type EntryRow = EntryFields & { readonly crc: number };

const SELECT =
  'select slot, round, node, chosen, stamp_ms, value, crc from entries where position between ? and ? order by position';

/** A chosen entry stays: by then its value is the only one that any ballot can bring. */
const UPSERT = `
  insert into entries (position, round, node, chosen, stamp_ms, value, crc) values (?, ?, ?, ?, ?, ?, ?)
  on conflict (position) do update set round = excluded.round, node = excluded.node, chosen = excluded.chosen,
    stamp_ms = excluded.stamp_ms, value = excluded.value, crc = excluded.crc
  where chosen = 0`;

export class Entries {
  readonly #group: number;
  readonly #path: string;
  readonly #select: Statement;
  readonly #connection: Connection;
  #upsert: Statement | undefined;

  constructor(connection: Connection, group: number, path: string) {
    this.#connection = connection;
    this.#group = group;
    this.#path = path;
    this.#select = connection.prepare(SELECT);
  }

  /** Returns the checksum that was stored. Inside a transaction. */
  put(entry: AcceptedEntry, chosen: boolean): number {
    this.#upsert ??= this.#connection.prepare(UPSERT);
    const fields = fieldsOf(entry, chosen);
    const crc = entryCrc(this.#group, fields);
    this.#upsert.run(
      positionOf(this.#group, fields.slot),
      fields.round,
      fields.node,
      fields.chosen,
      fields.stamp_ms,
      fields.value,
      crc,
    );
    return crc;
  }

  /**
   * From `fromSlot` to the end of the log or, when given, before `untilSlot`; ascending, with the gaps there are.
   * @throws JOURNAL_CORRUPT at the first entry that does not match its checksum.
   */
  *read(
    fromSlot: number,
    untilSlot: number = Number.MAX_SAFE_INTEGER,
  ): Generator<StoredEntry, void, undefined> {
    for (const row of this.#rows(fromSlot, untilSlot)) {
      if (!isIntact(this.#group, row)) {
        throw corrupt(this.#path, `the entry of slot ${row.slot} does not match its checksum`, {
          slot: row.slot,
        });
      }
      yield entryOf(row);
    }
  }

  /**
   * What `Journal.readEntries` promises, when every slot up to `learnedSlot` is known to be chosen.
   * @throws JOURNAL_CORRUPT also when one of those is missing.
   */
  readChosen(fromSlot: Slot, untilSlot: Slot, maxBytes: number, learnedSlot: Slot): ChosenEntry[] {
    const found: ChosenEntry[] = [];
    let bytes = 0;
    let next: number = fromSlot;
    for (const { slot, ballot, value, chosen } of this.read(fromSlot, untilSlot)) {
      if (slot !== next || !(chosen || slot <= learnedSlot)) break;
      bytes += value.kind === 'batch' ? value.bytes.length : 0;
      if (found.length > 0 && bytes > maxBytes) return found;
      found.push({ slot, ballot, value });
      next += 1;
    }
    if (next < untilSlot && next <= learnedSlot) {
      throw corrupt(this.#path, `the entry of slot ${next} is missing although it was learned`, {
        slot: next,
      });
    }
    return found;
  }

  /** Everything, for people: damaged entries too, marked as such. */
  *readAll(): Generator<StoredEntry & { readonly intact: boolean }, void, undefined> {
    for (const row of this.#rows(0, Number.MAX_SAFE_INTEGER))
      yield { ...entryOf(row), intact: isIntact(this.#group, row) };
  }

  #rows(fromSlot: number, untilSlot: number): IterableIterator<EntryRow> {
    const from = positionOf(this.#group, fromSlot);
    return this.#select.iterate(from, positionOf(this.#group, untilSlot - 1)) as IterableIterator<EntryRow>;
  }
}

function fieldsOf(entry: AcceptedEntry, chosen: boolean): EntryFields {
  const { slot, ballot, value } = entry;
  return {
    slot,
    round: ballot.round,
    node: ballot.node,
    chosen: chosen ? 1 : 0,
    stamp_ms: value.kind === 'batch' ? value.stampMs : null,
    value: value.kind === 'batch' ? value.bytes : null,
  };
}

function isIntact(group: number, row: EntryRow): boolean {
  return row.crc === entryCrc(group, row);
}

function entryOf(row: EntryRow): StoredEntry {
  return {
    slot: asSlot(row.slot),
    ballot: { round: row.round, node: asNodeId(row.node) },
    value: valueOf(row),
    chosen: row.chosen === 1,
    crc: row.crc,
  };
}

function valueOf(row: EntryRow): Value {
  if (row.value === null) return NOOP;
  // A plain view: a Buffer has methods of the same names that do other things.
  const { buffer, byteOffset, byteLength } = row.value;
  return { kind: 'batch', stampMs: row.stamp_ms ?? 0, bytes: new Uint8Array(buffer, byteOffset, byteLength) };
}
