/**
 * Writes of keys that are used once, each with a value of its own, and what must be found of them afterwards: an
 * acknowledged one is there, one that was "not executed" is not, and one of unknown outcome is there or is not.
 */
import assert from 'node:assert/strict';
import { type QuorateClient, QuorateError } from '@quorate/client';

/** Keys that are read back at once; below the client's bound of waiting calls. */
const READ_BACK_CHUNK = 500;
const SHOWN_KEYS = 10;

type Fate = 'acknowledged' | 'none' | 'unknown';

export class WriteBook {
  readonly #fates = new Map<string, Fate>();
  readonly #errors = new Map<string, number>();
  #acknowledged = 0;

  get acknowledged(): number {
    return this.#acknowledged;
  }

  /** How often each error ended a write, by code and outcome. */
  get errors(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#errors);
  }

  /** `key` must be new. Never throws what a cluster in trouble may answer; that error, or undefined. */
  async write(client: QuorateClient, key: string): Promise<QuorateError | undefined> {
    assert.ok(!this.#fates.has(key), `${key} was written before`);
    this.#fates.set(key, 'unknown');
    try {
      assert.equal(await client.set(key, valueOf(key)), valueOf(key));
      this.#fates.set(key, 'acknowledged');
      this.#acknowledged += 1;
      return undefined;
    } catch (error) {
      if (!(error instanceof QuorateError)) throw error;
      this.#fates.set(key, error.outcome);
      const name = `${error.code} ${error.outcome}`;
      this.#errors.set(name, (this.#errors.get(name) ?? 0) + 1);
      return error;
    }
  }

  /** Reads every key that was ever written. */
  async verify(client: QuorateClient): Promise<void> {
    const keys = [...this.#fates.keys()];
    const wrong: string[] = [];
    for (let from = 0; from < keys.length; from += READ_BACK_CHUNK) {
      const chunk = keys.slice(from, from + READ_BACK_CHUNK);
      const values = await Promise.all(chunk.map((key) => client.get(key)));
      chunk.forEach((key, index) => {
        const value = values[index] ?? null;
        if (!this.#allows(key, value))
          wrong.push(`${key}: ${this.#fates.get(key) ?? ''}, yet it reads ${value ?? 'nil'}`);
      });
    }
    assert.deepEqual(wrong.slice(0, SHOWN_KEYS), [], `${wrong.length} of ${keys.length} writes`);
  }

  #allows(key: string, value: string | null): boolean {
    const fate = this.#fates.get(key);
    const isThere = value === valueOf(key);
    if (fate === 'acknowledged') return isThere;
    return value === null || (fate === 'unknown' && isThere);
  }
}

function valueOf(key: string): string {
  return `value of ${key}`;
}
