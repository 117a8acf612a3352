/**
 * The arguments of `npm run bench`, and the points that are measured.
 */
import { parseArgs } from 'node:util';
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

export const HELP = `Usage: npm run bench -- [options]
       npm run bench -- postgres [options]   the PostgreSQL backend against its own replication, see --help there
       npm run bench -- redis [options]   the Redis backend against one Redis, see --help there

  --only LIST          systems to measure, with commas: baseline, quorate, etcd
  --quick              half a minute: fewer points, one short repetition
  --repetitions COUNT  how often everything is measured (default 3)
  --duration MS        measured time of one load (default 3000)
  --flush MODE         how the baseline flushes: sync, pool or dsync (default dsync)
  --directory DIR      where the data lies, to choose the disk (default: the temporary directory)
  --install            install etcd with apt-get where it is missing (as root)
  --etcd-check         also run etcd's own load tool, a minute (default unless --quick)
  --no-etcd-check      do not
  --json FILE          write everything that was measured
`;

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

/** Undefined when help was asked for. @throws Error with a line for the user */
export function readPlan(args: readonly string[]): BenchPlan | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string' },
      quick: { type: 'boolean', default: false },
      repetitions: { type: 'string' },
      duration: { type: 'string' },
      flush: { type: 'string', default: 'dsync' },
      directory: { type: 'string' },
      install: { type: 'boolean', default: false },
      'etcd-check': { type: 'boolean' },
      'no-etcd-check': { type: 'boolean', default: false },
      json: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  const { quick } = values;
  const systems =
    values.only === undefined
      ? SYSTEM_NAMES
      : values.only.split(',').map((name) => oneOf('--only', name, SYSTEM_NAMES));
  const durationMs = count('--duration', values.duration, quick ? 1000 : 3000);
  return {
    systems,
    points: quick ? QUICK_POINTS : POINTS,
    repetitions: count('--repetitions', values.repetitions, quick ? 1 : 3),
    times: { warmupMs: quick ? 500 : 3000, durationMs },
    flush: oneOf('--flush', values.flush, FLUSH_MODES),
    jsonPath: values.json,
    parentDirectory: values.directory,
    install: values.install,
    etcdCheck: !values['no-etcd-check'] && (values['etcd-check'] ?? !quick) && systems.includes('etcd'),
  };
}

function oneOf<T extends string>(name: string, text: string, choices: readonly T[]): T {
  const found = choices.find((choice) => choice === text.trim());
  if (found === undefined) throw new Error(`${name}: "${text}" is none of ${choices.join(', ')}`);
  return found;
}

function count(name: string, text: string | undefined, preset: number): number {
  if (text === undefined) return preset;
  if (/^[1-9]\d{0,6}$/.test(text)) return Number(text);
  throw new Error(`${name} must be a whole number above zero, not "${text}"`);
}
