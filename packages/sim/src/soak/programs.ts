/**
 * The commands that a soak is made of: where their compiled programs are, and what their output says was done.
 */
import { fileURLToPath } from 'node:url';

/** Name of the npm script. */
export type ProgramName = 'sim' | 'modelcheck' | 'sweep' | 'fuzz' | 'bugbank' | 'chaos';

/** What was done, by unit: `seeds`, `states`. */
export type Tally = Readonly<Record<string, number>>;

type Program = { readonly file: string; readonly units: Readonly<Record<string, RegExp>> };

/** From `packages/sim/dist/soak`. */
const ROOT = new URL('../../../../', import.meta.url);

const PROGRAMS: Readonly<Record<ProgramName, Program>> = {
  sim: {
    file: 'packages/sim/dist/main.js',
    units: { seeds: /^seeds (\d+)\.\.(\d+):/gm, events: /([\d,]+) events in/g },
  },
  modelcheck: { file: 'packages/sim/dist/modelcheck/main.js', units: { states: /([\d,]+) unique states/g } },
  sweep: { file: 'packages/sim/dist-test/sweeps/main.js', units: { cases: /^ +cases +([\d,]+) in/gm } },
  fuzz: { file: 'packages/sim/dist-test/sweeps/fuzz/main.js', units: { inputs: /([\d,]+) executions /g } },
  bugbank: { file: 'packages/sim/dist/bugbank/main.js', units: { 'mutants found': /mutants, (\d+) found/g } },
  chaos: {
    file: 'chaos/dist/main.js',
    units: { operations: /\((\d+) operations/g, faults: /, (\d+) faults\)/g },
  },
};

export function pathOf(program: ProgramName): string {
  return fileURLToPath(new URL(PROGRAMS[program].file, ROOT));
}

export function root(): string {
  return fileURLToPath(ROOT);
}

/** The line that a person types for the same. */
export function commandLine(program: ProgramName, args: readonly string[]): string {
  return `npm run ${program} -- ${args.join(' ')}`;
}

/** The numbers that a program printed, summed by unit. Two numbers are the ends of a range. */
export function tallyOf(program: ProgramName, output: string): Tally {
  const tally: Record<string, number> = {};
  for (const [unit, pattern] of Object.entries(PROGRAMS[program].units)) {
    for (const [, first = '', last] of output.matchAll(pattern)) {
      const count = last === undefined ? numberOf(first) : numberOf(last) - numberOf(first) + 1;
      tally[unit] = (tally[unit] ?? 0) + count;
    }
  }
  return tally;
}

/** The counters of the lines `coverage: loss=12 rot=0`, summed by kind; undefined where there is no such line. */
export function coverageOf(output: string): Tally | undefined {
  const lines = [...output.matchAll(/^coverage: (.*)$/gm)].map(([, counters = '']): Tally => {
    const counts = [...counters.matchAll(/(\S+)=(\d+)/g)];
    return Object.fromEntries(counts.map(([, kind = '', count]): [string, number] => [kind, Number(count)]));
  });
  return lines.length === 0 ? undefined : sumOf(lines);
}

export function sumOf(tallies: readonly Tally[]): Tally {
  const sum: Record<string, number> = {};
  for (const tally of tallies)
    for (const [unit, count] of Object.entries(tally)) sum[unit] = (sum[unit] ?? 0) + count;
  return sum;
}

function numberOf(text: string): number {
  return Number(text.replaceAll(',', ''));
}
