/** `backendOptions` of config.yaml for `backend: postgres`, checked. */
import { QuorateError } from '@quorate/wire';
import { type RefusedCommands, readRefused } from './refused-commands.ts';

export type PostgresOptions = {
  /** `postgres://user:password@host:port/database` of this node's own server; undefined for the embedded one. */
  readonly url: string | undefined;
  /** How long one attempt to connect may take, in milliseconds. */
  readonly connectTimeoutMs: number;
  /** How long a read may take, in milliseconds; it holds up the log on this node. A write has no such limit. */
  readonly readTimeoutMs: number;
  /** Path of the `pg_dump` program for snapshots; found on the machine by default. */
  readonly pgDump: string | undefined;
  /** Commands that are left out on every node. */
  readonly refuse: RefusedCommands;
};

const DEFAULTS = { connectTimeoutMs: 5000, readTimeoutMs: 10_000 };
const KNOWN = new Set(['url', 'embedded', 'connectTimeoutMs', 'readTimeoutMs', 'pgDump', 'refuse']);

/** @throws QuorateError CONFIG_INVALID; never shows the URL, which may hold a password */
export function checkOptions(options: unknown): PostgresOptions {
  const given = (options ?? {}) as Record<string, unknown>;
  if (typeof given !== 'object' || Array.isArray(given))
    throw invalid('backendOptions of the postgres backend is a map with `url` or `embedded: true`');
  const unknown = Object.keys(given).find((key) => !KNOWN.has(key));
  if (unknown !== undefined)
    throw invalid(`the postgres backend has no option ${unknown}; it has ${[...KNOWN].join(', ')}`);
  return {
    url: checkUrl(given),
    connectTimeoutMs: checkMs('connectTimeoutMs', given['connectTimeoutMs'] ?? DEFAULTS.connectTimeoutMs),
    readTimeoutMs: checkMs('readTimeoutMs', given['readTimeoutMs'] ?? DEFAULTS.readTimeoutMs),
    pgDump: checkPath(given['pgDump']),
    refuse: readRefused(given['refuse']),
  };
}

function checkUrl({
  url,
  embedded = false,
  refuse: _refuse,
  ...others
}: Record<string, unknown>): string | undefined {
  if (typeof embedded !== 'boolean') throw invalid('embedded is true or false');
  if (embedded) {
    const [more] = url === undefined ? Object.keys(others) : ['url'];
    if (more !== undefined) throw invalid(`${more} is for a server: leave it out beside \`embedded: true\``);
    return undefined;
  }
  if (typeof url !== 'string' || !/^postgres(ql)?:\/\//.test(url) || !URL.canParse(url))
    throw invalid(
      'the postgres backend needs `url`, like postgres://user:password@127.0.0.1:5432/database, or `embedded: true` for a try without a server',
    );
  return url;
}

function checkMs(name: string, value: unknown): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 1 || value > 3_600_000)
    throw invalid(`${name} is a whole number of milliseconds from 1 to 3600000`);
  return value;
}

function checkPath(value: unknown): string | undefined {
  if (value !== undefined && (typeof value !== 'string' || value === ''))
    throw invalid('pgDump is the path of the pg_dump program');
  return value;
}

function invalid(message: string): QuorateError {
  return new QuorateError('CONFIG_INVALID', message);
}
