/**
 * The crash sweep: a node of the golden run dies right before each effect of its own, once with everything kept that it
 * wrote and had not flushed, once with all of that lost. It starts again, the script goes on, the cluster is healed,
 * and every checker judges all of it. Beyond that, pairs of such deaths in one run, drawn from a fixed stream.
 */
import { streamOf } from '@quorate/core/protocol';
import type { TraceOptions } from '../../trace.ts';
import type { CrashKeeps } from '../../world/journal.ts';
import { ProcessDied } from '../../world/sim-process.ts';
import type { Effect } from '../golden/effect-meter.ts';
import { GoldenRun } from '../golden/golden-run.ts';
import { readScore, type Score } from '../golden/score.ts';
import { complaintOf } from '../stage.ts';
import type { SweepCase, SweepPart } from '../sweep-part.ts';

/** Death right before the effect of this number, counted from the beginning of the run. */
type Death = { readonly before: number; readonly keeps: CrashKeeps };

const PAIR_SEED = 1;
const PAIRS = 2000;
/** The second death of a pair comes within so many effects of the first. */
const PAIR_DISTANCE = 400;

export class CrashPart implements SweepPart {
  readonly name = 'crash';
  readonly title = 'a node dies before each effect of the golden run, unsynced writes kept or lost';
  readonly #score: Score;
  readonly #kinds: Map<string, number> = new Map();
  #cases = 0;
  #deaths = 0;
  #lossyDeaths = 0;

  constructor(score: Score = readScore()) {
    this.#score = score;
  }

  /** Effects of the golden run. */
  get effects(): number {
    return this.#score.effects.length;
  }

  get size(): number {
    return this.effects * 2 + PAIRS;
  }

  nameOf(index: number): string {
    if (index < this.effects * 2)
      return nameOf([{ before: (index >> 1) + 1, keeps: index % 2 === 0 ? 'none' : 'all' }]);
    const random = streamOf(PAIR_SEED, `pair/${index}`);
    const before = random.between(1, this.effects);
    const keeps = (): CrashKeeps => random.pick(['none', 'all'] as const);
    return nameOf([
      { before, keeps: keeps() },
      { before: before + random.between(1, PAIR_DISTANCE), keeps: keeps() },
    ]);
  }

  find(name: string): SweepCase | undefined {
    const deaths = parse(name);
    return deaths === undefined ? undefined : { name, play: (trace) => this.#play(deaths, trace) };
  }

  figures(): readonly (readonly [string, string])[] {
    const kinds = [...this.#kinds].sort(([left], [right]) => (left < right ? -1 : 1));
    return [
      ['effects of the golden run', `${this.effects}`],
      ['deaths', `${this.#deaths} in ${this.#cases} cases, ${this.#lossyDeaths} lost unflushed writes`],
      ['first deaths before', kinds.map(([kind, count]) => `${kind} ${count}`).join(', ')],
    ];
  }

  #play(deaths: readonly Death[], trace?: TraceOptions): string | undefined {
    this.#cases += 1;
    const left = [...deaths];
    const run = new GoldenRun(
      (effect) => {
        const next = left[0];
        if (next === undefined || effect.number < next.before) return;
        left.shift();
        this.#die(run, effect, next, deaths[0] === next);
      },
      this.#score.salt,
      trace,
    );
    run.stage.watch((event) => {
      if (event.kind !== 'crash') return;
      this.#deaths += 1;
      if (event.lostWrites > 0) this.#lossyDeaths += 1;
    });
    try {
      run.play();
    } catch (error) {
      return complaintOf(error);
    }
    return left.length === deaths.length
      ? `nobody died: the run ended before effect ${deaths[0]?.before}`
      : undefined;
  }

  #die(run: GoldenRun, effect: Effect, { keeps }: Death, isFirst: boolean): never {
    if (isFirst) {
      const { kind, node } = this.#score.effects[effect.number - 1] ?? effect;
      if (kind !== effect.kind || node !== effect.node)
        throw new Error(`effect ${effect.number} is not that of the golden run`);
      this.#kinds.set(kind, (this.#kinds.get(kind) ?? 0) + 1);
    }
    run.stage.world.process(effect.node).crashKeeps = keeps;
    throw new ProcessDied();
  }
}

function nameOf(deaths: readonly Death[]): string {
  return deaths.map(({ before, keeps }) => `${before}-${keeps === 'all' ? 'kept' : 'lost'}`).join('-then-');
}

function parse(name: string): Death[] | undefined {
  const parts = name.split('-then-').map((part) => /^([1-9]\d*)-(kept|lost)$/.exec(part));
  if (parts.length > 2) return undefined;
  const deaths: Death[] = [];
  for (const part of parts) {
    if (part === null) return undefined;
    deaths.push({ before: Number(part[1]), keeps: part[2] === 'kept' ? 'all' : 'none' });
  }
  return deaths;
}
