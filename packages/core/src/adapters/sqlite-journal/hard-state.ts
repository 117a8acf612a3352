/**
 * What one row of `state` says, and reading both copies back. Forgetting a promise would let two values be chosen
 * for one slot, so reading is strict: both copies must be intact and one step apart. A damaged newer copy must
 * never quietly become the lower promise of the older one.
 */
import { asNodeId, asSlot, type Ballot, type Slot } from '../../protocol/types.ts';
import { corrupt } from '../journal-common/trouble.ts';
import { type StateFields, stateCrc } from './checksums.ts';
import type { Connection, Statement } from './connection.ts';

const UPDATE = `
  update state set number = ?, incarnation = ?, promised_round = ?, promised_node = ?, learned_slot = ?,
    tail_count = ?, tail_crc = ?, crc = ?
  where group_number = ? and copy = ?`;

export type HardState = {
  /** Number of the transaction that wrote it; rises by one with each. */
  readonly number: number;
  /** 0: formatted and never opened. */
  readonly incarnation: number;
  readonly promised: Ballot;
  readonly learnedSlot: Slot;
  /** Entries above `learnedSlot`. */
  readonly tailCount: number;
  /** Exclusive or of their checksums. */
  readonly tailCrc: number;
};

type StateRow = StateFields & { readonly copy: number; readonly crc: number };

const SELECT = `
  select copy, number, incarnation, promised_round, promised_node, learned_slot, tail_count, tail_crc, crc
  from state where group_number = ? order by number desc`;

/** @throws JOURNAL_CORRUPT unless both copies are what they were written as. */
export function readHardState(connection: Connection, group: number, path: string): HardState {
  const [newer, older, ...others] = readCopies(connection, group);
  if (newer === undefined || older === undefined || others.length > 0) {
    throw corrupt(
      path,
      `group ${group} does not have two copies of its hard state, so what it promised is not known`,
    );
  }
  for (const row of [newer, older]) {
    if (!isIntact(group, row)) {
      throw corrupt(
        path,
        `copy ${row.copy} of the hard state does not match its checksum, so what this node promised is not known`,
      );
    }
  }
  if (newer.number !== older.number + 1) {
    throw corrupt(
      path,
      `the copies of the hard state are from writes ${older.number} and ${newer.number}, which do not follow each other`,
    );
  }
  return hardStateOf(newer);
}

/** The newest copy that is intact, for people who inspect a damaged journal; undefined when there is none. */
export function findHardState(connection: Connection, group: number): HardState | undefined {
  const row = readCopies(connection, group).find((candidate) => isIntact(group, candidate));
  return row === undefined ? undefined : hardStateOf(row);
}

function readCopies(connection: Connection, group: number): StateRow[] {
  return connection.prepare<[number], StateRow>(SELECT).all(group);
}

function isIntact(group: number, row: StateRow): boolean {
  return row.crc === stateCrc(group, row) && row.copy === row.number % 2;
}

function hardStateOf(row: StateRow): HardState {
  return {
    number: row.number,
    incarnation: row.incarnation,
    promised: { round: row.promised_round, node: asNodeId(row.promised_node) },
    learnedSlot: asSlot(row.learned_slot),
    tailCount: row.tail_count,
    tailCrc: row.tail_crc,
  };
}

/** Replaces the older of the two copies. To be called once per transaction, as its last statement. */
export class HardStateWriter {
  readonly #update: Statement;
  readonly #group: number;
  readonly #path: string;

  constructor(connection: Connection, group: number, path: string) {
    this.#update = connection.prepare(UPDATE);
    this.#group = group;
    this.#path = path;
  }

  write(state: HardState): void {
    const crc = stateCrc(this.#group, fieldsOf(state));
    const { number, incarnation, promised, learnedSlot, tailCount, tailCrc } = state;
    const copy = number % 2;
    const { changes } = this.#update.run(
      number,
      incarnation,
      promised.round,
      promised.node,
      learnedSlot,
      tailCount,
      tailCrc,
      crc,
      this.#group,
      copy,
    );
    if (changes !== 1) throw corrupt(this.#path, `copy ${copy} of the hard state is gone`);
  }
}

export function fieldsOf(state: HardState): StateFields {
  return {
    number: state.number,
    incarnation: state.incarnation,
    promised_round: state.promised.round,
    promised_node: state.promised.node,
    learned_slot: state.learnedSlot,
    tail_count: state.tailCount,
    tail_crc: state.tailCrc,
  };
}
