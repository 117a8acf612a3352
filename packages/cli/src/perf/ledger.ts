/**
 * Remembers what the cluster must hold: for every key the last write that was acknowledged, and those writes whose
 * fate nobody knows. At the end of a run it says what each key may read as.
 *
 * Two rules make the check sharp. A key has at most one write under way, so "the last one" has a meaning. A key whose
 * write has an unknown outcome is never written again, so it may hold its last acknowledged value or the unknown one
 * and nothing else. With as many keys as writes, every single acknowledged write is read back.
 */
import { QuorateError } from '@quorate/wire';

/** Number of a write, from 1, unique in the run; 0 stands for "no value". */
export type WriteNumber = number;

export type Expectation = {
  readonly key: string;
  /** One value, or two when an outcome is unknown; null is "no value". */
  readonly allowed: readonly (string | null)[];
};

const FREE = 0;
const UNDER_WAY = 1;
const RETIRED = 2;
/** Digits of the largest write number that a run reaches. */
export const MIN_NUMBERED_VALUE_BYTES = 12;
const KEY_DIGITS = 8;
/** Keys whose text is kept: making it again for every operation would be charged to the cluster. */
const CACHED_KEYS = 100_000;

export class Ledger {
  /** Prefix of all keys of this run, so that two runs against one cluster do not meet. */
  readonly #prefix: string;
  readonly #keyCount: number;
  readonly #valueBytes: number;
  readonly #numbered: boolean;
  readonly #filler: string;
  /** By key: whether a write is under way, and the last acknowledged write. Dense, at most `keyCount` long. */
  readonly #state: number[] = [];
  readonly #acknowledged: WriteNumber[] = [];
  /** Retired keys and their unknown write. */
  readonly #unknown = new Map<number, WriteNumber>();
  readonly #keyTexts: string[] = [];
  #nextKey = 0;
  #writes: WriteNumber = 0;
  #acknowledgedWrites = 0;

  /** `numbered` gives every write a value of its own, which the check at the end needs. */
  constructor(options: {
    readonly run: string;
    readonly keyCount: number;
    readonly valueBytes: number;
    readonly numbered: boolean;
  }) {
    this.#prefix = `perf${options.run}`;
    this.#keyCount = options.keyCount;
    this.#valueBytes = options.valueBytes;
    this.#numbered = options.numbered;
    this.#filler = 'v'.repeat(options.valueBytes);
  }

  get acknowledgedWrites(): number {
    return this.#acknowledgedWrites;
  }

  /** Keys that were written to so far. */
  get usedKeys(): number {
    return this.#state.length;
  }

  keyText(key: number): string {
    if (key >= CACHED_KEYS) return this.#makeKey(key);
    return (this.#keyTexts[key] ??= this.#makeKey(key));
  }

  valueText(write: WriteNumber): string {
    return this.#numbered
      ? String(write).padStart(MIN_NUMBERED_VALUE_BYTES, '0').padEnd(this.#valueBytes, '.')
      : this.#filler;
  }

  /** Any key that was written to; the first one when none was. */
  someKey(): number {
    return Math.floor(Math.random() * Math.max(1, this.#state.length));
  }

  /** A key for the next write; it is under way from now on. */
  beginWrite(): number {
    for (let tries = 0; tries < this.#keyCount; tries++) {
      const key = this.#nextKey;
      this.#nextKey = key + 1 === this.#keyCount ? 0 : key + 1;
      if ((this.#state[key] ?? FREE) !== FREE) continue;
      this.#state[key] = UNDER_WAY;
      this.#acknowledged[key] ??= 0;
      return key;
    }
    throw new QuorateError(
      'OVERLOADED',
      `all ${this.#keyCount} keys have a write under way or of unknown outcome; use more --keys`,
    );
  }

  nextWriteNumber(): WriteNumber {
    return ++this.#writes;
  }

  acknowledged(key: number, write: WriteNumber): void {
    this.#state[key] = FREE;
    this.#acknowledged[key] = write;
    this.#acknowledgedWrites += 1;
  }

  /** It certainly did not and will not take effect. */
  refused(key: number): void {
    this.#state[key] = FREE;
  }

  unknown(key: number, write: WriteNumber): void {
    this.#state[key] = RETIRED;
    this.#unknown.set(key, write);
  }

  /** Ascending by key; every key that was ever written to. */
  *expectations(): Generator<Expectation> {
    for (let key = 0; key < this.#state.length; key++) {
      const last = this.#valueOrNone(this.#acknowledged[key] ?? 0);
      const unknown = this.#unknown.get(key);
      yield {
        key: this.keyText(key),
        allowed: unknown === undefined ? [last] : [last, this.#valueOrNone(unknown)],
      };
    }
  }

  #makeKey(key: number): string {
    return this.#prefix + String(key).padStart(KEY_DIGITS, '0');
  }

  #valueOrNone(write: WriteNumber): string | null {
    return write === 0 ? null : this.valueText(write);
  }
}
