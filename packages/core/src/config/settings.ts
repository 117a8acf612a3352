/**
 * What a node is told about itself and its cluster: every key of `config.yaml`, its type, its default, and where
 * its value came from.
 *
 * Plain data and no dependency, so that anything may import it. Leaves to others: reading and checking (`load.ts`),
 * the bounds of each key (`schema.ts`), who this node is (`self.ts`).
 */
import type { ConfigSource } from './source.ts';

export type JournalKind = 'segments' | 'sqlite';
export type JournalThread = 'auto' | 'main' | 'worker';

/** The keys of `config.yaml` with checked values. Times are in milliseconds, sizes in bytes. */
export type SettingValues = {
  /** `host:port` of every node in id order, 1 to 9, no duplicates; lower case, IPv6 in brackets. */
  readonly addrs: readonly string[];
  /** Part of the cluster's identity: two clusters with the same addresses and other names never talk. */
  readonly cluster: string | undefined;
  /** A name such as `kv`, a package, or an absolute path of a module. */
  readonly backend: string;
  /** Handed to the backend as read. */
  readonly backendOptions: unknown;
  /** Absolute path; node N keeps everything in `node-N` below it. */
  readonly dataDir: string;
  readonly heartbeatMs: number;
  /** At least three heartbeats. */
  readonly electionTimeoutMs: number;
  /** Slots that a leader may propose beyond its learned slot. */
  readonly windowSlots: number;
  /** A larger command is refused with TOO_LARGE. */
  readonly maxCommandBytes: number;
  /** A batch is cut when it reaches this size; never below `maxCommandBytes`. */
  readonly maxBatchBytes: number;
  /** How the journal is kept: in segments of its own, or in SQLite for who wants to read it with plain `sqlite3`. */
  readonly journal: JournalKind;
  /** Where a journal in SQLite flushes; `auto` measures the disk. */
  readonly journalThread: JournalThread;
  /** A graceful stop that takes longer is cut short. */
  readonly shutdownTimeoutMs: number;
  /** Record a CPU profile and write it into the node's directory at stop. */
  readonly profile: boolean;
  /** Listen beyond loopback although nothing is encrypted or authenticated. */
  readonly insecure: boolean;
};

export type SettingKey = keyof SettingValues;

/** In the order in which they are shown. */
export const SETTING_KEYS: readonly SettingKey[] = [
  'addrs',
  'cluster',
  'backend',
  'backendOptions',
  'dataDir',
  'heartbeatMs',
  'electionTimeoutMs',
  'windowSlots',
  'maxCommandBytes',
  'maxBatchBytes',
  'journal',
  'journalThread',
  'shutdownTimeoutMs',
  'profile',
  'insecure',
];

/** Where a value came from; a later kind wins over an earlier one. */
export type Origin =
  | { readonly kind: 'default' }
  /** `file` as it was named; line and column count from 1. */
  | { readonly kind: 'file'; readonly file: string; readonly line: number; readonly column: number }
  | { readonly kind: 'environment'; readonly variable: string }
  | { readonly kind: 'flag'; readonly flag: string };

export type Settings = SettingValues & {
  /** Where each value came from. */
  readonly origins: Readonly<Record<SettingKey, Origin>>;
  /** The file that was read, with positions for messages; undefined when there was none. */
  readonly source: ConfigSource | undefined;
};

const MIB = 1024 * 1024;

/** `dataDir` is relative here: to the directory of the config file, or to the current one when there is none. */
export const DEFAULT_SETTINGS: SettingValues = {
  addrs: ['127.0.0.1:6660'],
  cluster: undefined,
  backend: 'kv',
  backendOptions: undefined,
  dataDir: './data',
  heartbeatMs: 100,
  electionTimeoutMs: 1000,
  windowSlots: 256,
  maxCommandBytes: MIB,
  maxBatchBytes: MIB,
  journal: 'segments',
  journalThread: 'auto',
  shutdownTimeoutMs: 10_000,
  profile: false,
  insecure: false,
};

/** So long a part of a node (port, backend, journal) may take to close, in milliseconds; then it is left as it is. */
export const CLOSE_LIMIT_MS = 5000;

/** `heartbeatMs` -> `QUORATE_HEARTBEAT_MS`. */
export function environmentNameOf(key: SettingKey): string {
  return `QUORATE_${words(key).join('_').toUpperCase()}`;
}

/** `heartbeatMs` -> `--heartbeat-ms`. */
export function flagNameOf(key: SettingKey): string {
  return `--${words(key).join('-').toLowerCase()}`;
}

function words(key: SettingKey): string[] {
  return key.split(/(?=[A-Z])/);
}

/** For people: `config.yaml:4`, `environment QUORATE_DATA_DIR`, `flag --data-dir`, `default`. */
export function describeOrigin(origin: Origin): string {
  switch (origin.kind) {
    case 'default':
      return 'default';
    case 'file':
      return `${origin.file}:${origin.line}`;
    case 'environment':
      return `environment ${origin.variable}`;
    case 'flag':
      return `flag ${origin.flag}`;
    default:
      return origin satisfies never;
  }
}
