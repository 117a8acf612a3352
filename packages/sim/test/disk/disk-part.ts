/** Random histories of the production journal on a simulated disk, as a part of the sweep: a case is a family and a seed. */
import type { SweepCase, SweepPart } from '#src/sweeps/sweep-part.ts';
import { FAMILIES, type Family, playHistory } from './history.ts';

const SEEDS = 20_000;

export class DiskPart implements SweepPart {
  readonly name = 'disk';
  readonly title =
    'a journal on a disk that crashes, fails, lies and rots: what was acknowledged is there, or refused';
  readonly size: number = SEEDS * FAMILIES.length;
  readonly #counts: Map<string, number> = new Map();

  nameOf(index: number): string {
    return `${FAMILIES[index % FAMILIES.length] ?? ''}-${Math.floor(index / FAMILIES.length) + 1}`;
  }

  find(name: string): SweepCase | undefined {
    const match = /^([a-z]+)-([1-9]\d{0,8})$/.exec(name);
    const family = FAMILIES.find((candidate) => candidate === match?.[1]);
    return family === undefined ? undefined : { name, play: () => this.#play(family, Number(match?.[2])) };
  }

  figures(): readonly (readonly [string, string])[] {
    return [...this.#counts]
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([what, count]) => [what, `${count}`]);
  }

  #play(family: Family, seed: number): string | undefined {
    const { end, complaint, refused } = playHistory(family, seed);
    this.#count(`${family}: ${end}`);
    for (const call of refused) this.#count(`refused: ${call}`);
    return complaint;
  }

  #count(key: string): void {
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }
}
