/**
 * What a soak is made of: the layers of proof, how much of each a full soak does, and the parts it is cut into.
 *
 * A part is one command of a minute or less. Its command line is its name: what was done is known by it, and anybody
 * can type it again.
 */
import { CATALOGUE } from '../bugbank/catalogue/index.ts';
import { requiredOf } from '../coverage.ts';
import { requiredOfEngines } from '../engine/run-engine-seeds.ts';
import { PLANS } from '../modelcheck/scopes.ts';
import type { ProgramName } from './programs.ts';

export type Part = { readonly program: ProgramName; readonly args: readonly string[] };

export type Layer = {
  readonly name: string;
  /** What a full soak does, in words. */
  readonly budget: string;
  /** Real processes under load need the machine for themselves; the others share it. */
  readonly needs: 'a core' | 'the machine';
  readonly parts: (scale: Scale) => readonly Part[];
  /** What so many seeds of all its parts together cannot miss; a part by itself may miss what is rare. */
  readonly covers?: (seeds: number) => readonly string[];
};

export type Scale = {
  /** Of a full soak: 1 is all of it. No layer is ever left out. */
  readonly share: number;
  /** Seeds from here on. */
  readonly firstSeed: number;
};

/** What all of it takes on two cores, measured. */
export const FULL_MINUTES = 80;

const STATES_PER_SCOPE = 2_000_000;
const LEAST_STATES_PER_SCOPE = 400_000;
const MUTANTS_PER_PART = 9;
const CHAOS_SECONDS = 45;

export const LAYERS: readonly Layer[] = [
  seeds('simulator', '12,000 seeds', {
    count: 12_000,
    each: 250,
    flags: ['--depth', 'core'],
    covers: requiredOf,
  }),
  seeds('simulator, engines', '1,500 seeds', {
    count: 1500,
    each: 150,
    flags: ['--depth', 'engine'],
    covers: requiredOfEngines,
  }),
  seeds('simulator, twice', '200 seeds, equal hashes', {
    count: 200,
    each: 50,
    flags: ['--depth', 'core', '--twice'],
  }),
  seeds('simulator, long', '100 seeds of 200 k to 1 M events', {
    count: 100,
    each: 4,
    flags: ['--depth', 'core', '--long'],
  }),
  seeds('engines, twice', '50 seeds, equal hashes', {
    count: 50,
    each: 25,
    flags: ['--depth', 'engine', '--twice'],
  }),
  {
    name: 'model checker',
    budget: '2 M states of each scope',
    needs: 'a core',
    parts: ({ share }) => {
      const states = Math.round(Math.max(LEAST_STATES_PER_SCOPE, STATES_PER_SCOPE * Math.min(1, share)));
      return PLANS.map(({ scope }) => ({
        program: 'modelcheck',
        args: ['--scope', scope.name, '--states', String(states)],
      }));
    },
  },
  sweep('link graphs', 'all of five nodes, 20 k one-way', { name: 'graphs', shares: 40 }),
  sweep('crash points', 'every effect, 2 k pairs', { name: 'crash', shares: 12 }),
  sweep('journal errors', 'every write and read', { name: 'io', shares: 4 }),
  sweep('disk histories', '120 k drawn ones', { name: 'disk', shares: 24 }),
  sweep('bit flips', '200 k in journals', { name: 'flips', shares: 60 }),
  sweep('bit flips in frames', 'every bit', { name: 'frames', shares: 1 }),
  {
    name: 'decoders',
    budget: '10 M inputs',
    needs: 'a core',
    parts: ({ share, firstSeed }) =>
      counted(20, share).map((index) => ({
        program: 'fuzz',
        args: ['--executions', '500000', '--seed', String(firstSeed + index)],
      })),
  },
  {
    name: 'bug bank',
    budget: 'every mutant',
    needs: 'a core',
    parts: ({ share, firstSeed }) => {
      const groups = Math.ceil(CATALOGUE.length / MUTANTS_PER_PART);
      return counted(groups, share).map((index) => {
        const group = (index + firstSeed) % groups;
        const ids = CATALOGUE.filter((_, place) => place % groups === group).map(({ id }) => id);
        return { program: 'bugbank', args: ['--jobs', '1', '--only', ids.join(',')] };
      });
    },
  },
  {
    name: 'real processes',
    budget: `20 runs of ${CHAOS_SECONDS} s`,
    needs: 'the machine',
    parts: ({ share, firstSeed }) =>
      counted(20, share).map((index) => ({
        program: 'chaos',
        args: [
          ['--seconds', String(CHAOS_SECONDS)],
          ['--nodes', index % 2 === 0 ? '3' : '5'],
          ['--backend', index % 4 < 2 ? 'kv' : 'notebook'],
          ['--seed', String(firstSeed + index)],
        ].flat(),
      })),
  },
];

type SeedLayer = Pick<Layer, 'covers'> & {
  readonly count: number;
  readonly each: number;
  readonly flags: readonly string[];
};

function seeds(name: string, budget: string, { count, each, flags, ...rest }: SeedLayer): Layer {
  return {
    name,
    budget,
    needs: 'a core',
    parts: ({ share, firstSeed }) =>
      counted(count / each, share).map((index) => {
        const first = firstSeed + index * each;
        return { program: 'sim', args: ['--seeds', `${first}..${first + each - 1}`, ...flags] };
      }),
    ...rest,
  };
}

function sweep(title: string, budget: string, { name, shares }: { name: string; shares: number }): Layer {
  return {
    name: title,
    budget,
    needs: 'a core',
    parts: ({ share }) =>
      counted(shares, share).map((index) => ({
        program: 'sweep',
        args: [`--${name}`, '--share', `${index + 1}/${shares}`],
      })),
  };
}

/** 0, 1, ...: this share of so many parts, and at least one. */
function counted(parts: number, share: number): number[] {
  return Array.from({ length: Math.max(1, Math.round(parts * Math.min(1, share))) }, (_, index) => index);
}
