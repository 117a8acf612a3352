/** What an examination collects while it walks: what has to be fixed, and what the statement does to the order of things. */
import type { Catalog, SqlType } from './catalog.ts';

/** What to put in place of some bytes of the statement's text. */
export type Edit = {
  /** Bytes from the beginning of the statement. */
  readonly at: number;
  readonly what: 'time' | 'uuid' | 'float8';
  /** The cast that gives the parameter its type, for instance `timestamptz(3)`. */
  readonly type: string;
};

/** A parameter whose value may not be a word that reads the clock, such as `now`. */
export type WatchedParam = {
  readonly number: number;
  /** Known to become a time: the word is looked for anywhere in the value, otherwise at its beginning. */
  readonly isTime: boolean;
};

export class Findings {
  readonly edits: Edit[] = [];
  readonly watched: WatchedParam[] = [];
  /** quorate.now() is called below. */
  needsTime = false;
  /** quorate.gen_random_uuid() or quorate.random() is called below. */
  needsSeed = false;
  /** Takes the next value of something, so that the order of calls decides who gets which. */
  draws = false;
  /** Stored code changes rows. */
  writes = false;
  /** Reads tables. */
  reads = false;
  /** Fields of records that stored code assigns to; `*` for a whole record. */
  readonly assigned: Set<string> = new Set();

  /** What stored code does is also done by whoever calls it. */
  absorb(other: Findings): void {
    this.needsTime ||= other.needsTime;
    this.needsSeed ||= other.needsSeed;
    this.draws ||= other.draws;
    this.writes ||= other.writes;
    this.reads ||= other.reads;
    for (const field of other.assigned) this.assigned.add(field);
  }

  /** Both together. */
  with(other: Findings): Findings {
    other.absorb(this);
    return other;
  }
}

/** Where an expression stands. */
export type Place = {
  readonly catalog: Catalog;
  readonly findings: Findings;
  /** `statement`: calls can be replaced in its text. Otherwise what it is, for messages: "the default of t.a". */
  readonly origin: 'statement' | { readonly stored: string };
  /** Evaluated for several rows in an order that may differ between replicas. */
  readonly isPerRow: boolean;
  /** Types of `$1`, `$2` ... in the body of a function; undefined in a statement. */
  readonly parameters?: readonly SqlType[];
};
