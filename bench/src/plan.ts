/**
 * The arguments of `npm run bench`, and the points that are measured.
 */
import {
  existingDirectory,
  fileToWrite,
  oneOf,
  parseArguments,
  quoted,
  type Tool,
  wholeNumber,
  wrongUse,
} from '@quorate/sim/command-line';
import { FLUSH_MODES, type FlushMode } from './baseline/append-file.ts';
import { type Point, SYSTEM_NAMES, type SystemName, type Times } from './system.ts';

export type BenchPlan = {
  readonly systems: readonly SystemName[];
  readonly points: readonly Point[];
  readonly repetitions: number;
  readonly times: Times;
  readonly flush: FlushMode;
  readonly jsonPath: string | undefined;
  /** Where the data of the systems lies; its disk is what is measured. */
  readonly parentDirectory: string | undefined;
  readonly install: boolean;
  readonly etcdCheck: boolean;
};

/** Of every benchmark alike. */
export const COMMON_OPTIONS = {
  repetitions: { type: 'string', value: 'COUNT', about: 'how often everything is measured (default 3)' },
  directory: {
    type: 'string',
    value: 'DIR',
    about: 'where the data lies, to choose the disk (default: the temporary directory)',
  },
} as const;
/** Of those that count a load in milliseconds. */
export const DURATION_OPTION = {
  type: 'string',
  value: 'MS',
  about: 'measured time of one load (default 3000)',
} as const;

const SPEC = {
  name: 'bench',
  usage: [
    '[options]',
    'postgres [options]   the PostgreSQL backend against its own replication, see --help there',
    'redis [options]      the Redis backend against one Redis, see --help there',
  ],
  takesWords: true,
  options: {
    only: {
      type: 'string',
      value: 'LIST',
      about: 'systems to measure, with commas: baseline, quorate, etcd (default: all)',
    },
    quick: { type: 'boolean', default: false, about: 'half a minute: fewer points, one short repetition' },
    ...COMMON_OPTIONS,
    duration: DURATION_OPTION,
    flush: {
      type: 'string',
      default: 'dsync',
      value: 'MODE',
      about: 'how the baseline flushes: sync, pool or dsync (default dsync)',
    },
    install: {
      type: 'boolean',
      default: false,
      about: 'install etcd with apt-get where it is missing (as root)',
    },
    'etcd-check': {
      type: 'boolean',
      about: "also run etcd's own load tool, a minute (default unless --quick)",
    },
    'no-etcd-check': { type: 'boolean', default: false, about: 'do not' },
    json: { type: 'string', value: 'FILE', about: 'write everything that was measured' },
  },
} as const;
export const TOOL: Tool = SPEC;

const MAX_COUNT = 9_999_999;
const write = (inFlight: number, connections: number): Point => ({
  operation: 'write',
  inFlight,
  connections,
});
const READ: Point = { operation: 'read', inFlight: 256, connections: 8 };
const POINTS: readonly Point[] = [
  write(1, 1),
  write(64, 1),
  write(64, 64),
  write(256, 1),
  write(256, 8),
  write(1024, 1),
  write(1024, 8),
  READ,
];
const QUICK_POINTS: readonly Point[] = [
  write(1, 1),
  write(64, 1),
  write(256, 1),
  write(256, 8),
  write(1024, 1),
  READ,
];

/** @throws ARGUMENT with a line for the user */
export function readPlan(args: readonly string[]): BenchPlan {
  const { values, positionals } = parseArguments(SPEC, args);
  const [word] = positionals;
  if (word !== undefined)
    throw wrongUse(`postgres or redis may follow at once, and no other word: ${quoted(word)}`);
  const { quick } = values;
  const systems =
    values.only === undefined
      ? SYSTEM_NAMES
      : values.only.split(',').map((name) => oneOf('--only', name.trim(), SYSTEM_NAMES));
  const durationMs = count('--duration', values.duration, quick ? 1000 : 3000);
  return {
    systems,
    points: quick ? QUICK_POINTS : POINTS,
    repetitions: count('--repetitions', values.repetitions, quick ? 1 : 3),
    times: { warmupMs: quick ? 500 : 3000, durationMs },
    flush: oneOf('--flush', values.flush.trim(), FLUSH_MODES),
    jsonPath: values.json === undefined ? undefined : fileToWrite('--json', values.json),
    parentDirectory:
      values.directory === undefined ? undefined : existingDirectory('--directory', values.directory),
    install: values.install,
    etcdCheck: !values['no-etcd-check'] && (values['etcd-check'] ?? !quick) && systems.includes('etcd'),
  };
}

/** How often or how long; at most seven digits, as a slip of the finger is a run of a week. */
export function count(name: string, text: string | undefined, preset: number): number {
  if (text === undefined) return preset;
  const number = wholeNumber(name, text, 1);
  if (number > MAX_COUNT) throw wrongUse(`${name} takes ${MAX_COUNT} at most, not ${text}`);
  return number;
}
