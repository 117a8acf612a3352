/**
 * The sweep of journal errors as a part: it plays the engine itself, which the tests of the core own, so it is taken from
 * their compiled files. What is used of it is spelled out here.
 */
import { Peak, type SweepCase, type SweepPart } from '#src/sweeps/sweep-part.ts';

type IoCase = {
  readonly node: number;
  readonly fault: { readonly operation: string; readonly leaves: string };
};

type IoSweep = {
  readonly ioCases: () => Promise<readonly IoCase[]>;
  readonly nameOfIo: (one: IoCase) => string;
  readonly parseIo: (name: string) => IoCase | undefined;
  readonly playIo: (
    one: IoCase,
  ) => Promise<{ readonly complaint: string | undefined; readonly goesOnAfterMs: number }>;
};

const SWEEP = new URL('../../../core/dist-test/journal/io-sweep.js', import.meta.url);

export class IoPart implements SweepPart {
  readonly name = 'io';
  readonly title = 'the k-th write or read of a journal fails: the node ends, the others go on';
  readonly #sweep: IoSweep;
  readonly #names: readonly string[];
  readonly #counts: Map<string, number> = new Map();
  readonly #slowest = new Peak();

  static async create(): Promise<IoPart> {
    const sweep = (await import(SWEEP.href)) as IoSweep;
    return new IoPart(sweep, (await sweep.ioCases()).map(sweep.nameOfIo));
  }

  private constructor(sweep: IoSweep, names: readonly string[]) {
    this.#sweep = sweep;
    this.#names = names;
  }

  get size(): number {
    return this.#names.length;
  }

  nameOf(index: number): string {
    return this.#names[index] ?? '';
  }

  find(name: string): SweepCase | undefined {
    const found = this.#sweep.parseIo(name);
    return found === undefined ? undefined : { name, play: () => this.#play(found, name) };
  }

  figures(): readonly (readonly [string, string])[] {
    const counts = [...this.#counts].sort(([left], [right]) => (left < right ? -1 : 1));
    return [
      ...counts.map(([what, count]) => [what, `${count}`] as const),
      ['slowest answer without the node, ms of virtual time', this.#slowest.describe(0)],
    ];
  }

  async #play(one: IoCase, name: string): Promise<string | undefined> {
    const { operation, leaves } = one.fault;
    const what = operation === 'read' ? 'failed reads' : `failed writes that left ${leaves} on the disk`;
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + 1);
    const { complaint, goesOnAfterMs } = await this.#sweep.playIo(one);
    this.#slowest.note(goesOnAfterMs, name);
    return complaint;
  }
}
