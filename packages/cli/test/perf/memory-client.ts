/**
 * A client that is a Map, with a switch for each way in which a call can end. Writes with an unknown outcome can
 * have taken effect or not.
 */
import { QuorateError } from '@quorate/wire';
import type { PerfClient } from '#src/perf/load.ts';

export type Fate = 'done' | 'refused' | 'unknown-done' | 'unknown-lost' | 'lied';

export class MemoryClient implements PerfClient {
  readonly values: Map<string, string> = new Map();
  calls = 0;
  underWay = 0;
  mostUnderWay = 0;
  /** The fate of the n-th call, from 1. */
  fate: (call: number) => Fate = () => 'done';

  async setBytes(key: string, value: string): Promise<void> {
    await this.#write(() => this.values.set(key, value));
  }

  async delBytes(key: string): Promise<void> {
    await this.#write(() => this.values.delete(key));
  }

  async getBytes(key: string): Promise<unknown> {
    return this.get(key);
  }

  async get(key: string): Promise<string | null> {
    this.calls += 1;
    return this.values.get(key) ?? null;
  }

  async close(): Promise<void> {}

  async #write(effect: () => void): Promise<void> {
    const fate = this.fate(++this.calls);
    this.underWay += 1;
    this.mostUnderWay = Math.max(this.mostUnderWay, this.underWay);
    await new Promise((resolve) => setImmediate(resolve));
    this.underWay -= 1;
    if (fate === 'done' || fate === 'unknown-done') effect();
    if (fate === 'refused') throw new QuorateError('NO_LEADER', 'no leader');
    if (fate === 'unknown-done' || fate === 'unknown-lost')
      throw new QuorateError('TIMEOUT', 'no answer in time');
  }
}
