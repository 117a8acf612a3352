/**
 * What a Redis server must be to serve as a replica's store, checked at every connection, in words for the person
 * who can change it.
 */
import { BackendUnavailable } from '@quorate/core/ports';
import { COMMAND_TABLE } from '../commands/command-table.ts';

export type ServerFacts = {
  readonly version: string;
  /** Processor and word size: floating point text is the same only on one kind. */
  readonly machine: string;
  readonly usedMemory: number;
  /** 0: no limit. */
  readonly maxMemory: number;
};

const OLDEST_MAJOR = 7;

/** The text of `INFO` as names and values. */
export function readInfo(text: string): ReadonlyMap<string, string> {
  const lines = text.split(/\r?\n/).filter((line) => line.includes(':') && !line.startsWith('#'));
  return new Map(
    lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)] as const),
  );
}

/** @throws BackendUnavailable when the server cannot be used as it is set up */
export function checkServer(info: ReadonlyMap<string, string>, where: string): ServerFacts {
  const version = info.get('redis_version') ?? '';
  const policy = info.get('maxmemory_policy') ?? '';
  const refuse = (what: string): never => {
    throw new BackendUnavailable(`Redis at ${where} cannot be used: ${what}`);
  };
  if (!(Number.parseInt(version, 10) >= OLDEST_MAJOR))
    refuse(`version ${version === '' ? 'unknown' : version}; 7.0 or later is needed`);
  if (info.get('cluster_enabled') === '1' || info.get('redis_mode') === 'cluster')
    refuse('it runs in cluster mode; set cluster-enabled no');
  if (info.get('role') !== 'master') refuse('it is a replica of another server; run REPLICAOF NO ONE there');
  if (policy !== 'noeviction')
    refuse(`maxmemory-policy is ${policy}, which throws data away; set it to noeviction`);
  return {
    version,
    machine: `${info.get('os')?.split(' ').at(-1) ?? 'unknown'} ${info.get('arch_bits') ?? ''}`.trim(),
    usedMemory: Number(info.get('used_memory') ?? 0),
    maxMemory: Number(info.get('maxmemory') ?? 0),
  };
}

/** One row of `COMMAND INFO`; null when the server does not know the command. */
export type CommandRow = readonly [name: string, arity: number, flags: readonly string[]] | null;

/**
 * The server's own table against ours, for the commands that we let through: what we take for a read must not write.
 * @throws BackendUnavailable
 */
export function checkCommands(rows: readonly CommandRow[], where: string): void {
  const known = new Map(rows.filter((row) => row !== null).map((row) => [row[0].toUpperCase(), row]));
  for (const [name, verdict] of COMMAND_TABLE) {
    if (verdict.kind === 'refused') continue;
    const row = known.get(name);
    if (row === undefined)
      throw new BackendUnavailable(
        `Redis at ${where} has no command ${name}; do not rename or disable commands on a replica's server`,
      );
    if (verdict.kind === 'read' && row[2].includes('write'))
      throw new BackendUnavailable(
        `Redis at ${where} says that ${name} writes, and this version of the backend takes it for a read`,
      );
  }
}

/** Names of the commands that are let through. */
export function usedCommands(): string[] {
  return [...COMMAND_TABLE].filter(([, verdict]) => verdict.kind !== 'refused').map(([name]) => name);
}

/** For `lua/rights.lua`: what the scripts run, each with as many words as it needs. */
export function usedRights(): string[] {
  return [...COMMAND_TABLE].flatMap(([name, verdict]) => {
    if (verdict.kind === 'refused') return [];
    // The scripts run the one for the other.
    if (name === 'FLUSHALL') return ['FLUSHDB'];
    const subcommand = SUBCOMMANDS.get(name);
    const words = subcommand === undefined ? [name] : [name, subcommand];
    while (words.length < Math.abs(verdict.arity)) words.push('1');
    return [words.join(' ')];
  });
}

const SUBCOMMANDS: ReadonlyMap<string, string> = new Map([
  ['OBJECT', 'ENCODING'],
  ['XINFO', 'STREAM'],
]);

/** @throws BackendUnavailable */
export function checkRights(refused: readonly string[], where: string): void {
  if (refused.length > 0)
    throw new BackendUnavailable(
      `Redis at ${where}: the user in the url may not run ${refused.slice(0, 5).join(', ')} on every key, which the other servers may execute; see docs/redis.md for the rights`,
    );
}
