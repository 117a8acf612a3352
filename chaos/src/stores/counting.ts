/**
 * Increments under way in many places, and what they must add up to: every answer of a counter is given once, and in the
 * end a counter holds as many as were acknowledged, and at most those of unknown outcome more.
 */
import { type QuorateClient, QuorateError } from '@quorate/client';
import type { StoreKind } from './store-kind.ts';

export const SHARED_KEY = 'shared';

type Tally = { acknowledged: number; unknown: number; readonly answers: Set<number> };

export class Counting {
  readonly #kind: StoreKind;
  readonly #clients: readonly QuorateClient[];
  readonly #tallies = new Map<string, Tally>();
  readonly #violations: string[] = [];
  #isStopped = false;
  #workers: Promise<void>[] = [];

  constructor(kind: StoreKind, clients: readonly QuorateClient[]) {
    this.#kind = kind;
    this.#clients = clients;
  }

  get acknowledged(): number {
    return [...this.#tallies.values()].reduce((sum, tally) => sum + tally.acknowledged, 0);
  }

  get unknown(): number {
    return [...this.#tallies.values()].reduce((sum, tally) => sum + tally.unknown, 0);
  }

  get keys(): number {
    return this.#tallies.size;
  }

  /** Each worker counts a key of its own, and every fourth time the shared one. */
  start(workers: number): void {
    this.#workers = Array.from({ length: workers }, (_, worker) => this.#work(worker));
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all(this.#workers);
  }

  /** Reads every counter. @returns what is wrong, in words; nothing when all is right */
  async verify(client: QuorateClient): Promise<readonly string[]> {
    for (const [key, { acknowledged, unknown }] of this.#tallies) {
      const count = await this.#kind.count(client, key);
      if (count < acknowledged || count > acknowledged + unknown)
        this.#violations.push(`${key} holds ${count}, not ${acknowledged} to ${acknowledged + unknown}`);
    }
    return this.#violations;
  }

  async #work(worker: number): Promise<void> {
    const client = this.#clients[worker % this.#clients.length] as QuorateClient;
    for (let turn = 0; !this.#isStopped; turn++)
      await this.#count(client, turn % 4 === 0 ? SHARED_KEY : `worker-${worker}`);
  }

  async #count(client: QuorateClient, key: string): Promise<void> {
    const tally = this.#tallyOf(key);
    try {
      const answer = await this.#kind.increment(client, key);
      if (tally.answers.has(answer)) this.#violations.push(`${key}: two increments were answered ${answer}`);
      tally.answers.add(answer);
      tally.acknowledged += 1;
    } catch (error) {
      if (!(error instanceof QuorateError)) throw error;
      if (error.outcome === 'unknown') tally.unknown += 1;
    }
  }

  #tallyOf(key: string): Tally {
    const known = this.#tallies.get(key);
    if (known !== undefined) return known;
    const fresh: Tally = { acknowledged: 0, unknown: 0, answers: new Set() };
    this.#tallies.set(key, fresh);
    return fresh;
  }
}
