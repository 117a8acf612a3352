/**
 * What a Redis server must be to serve as a replica's store, checked at every connection, in words for the person
 * who can change it.
 */
import { BackendUnavailable } from '@quorate/core/ports';
import { encodeUtf8 } from '@quorate/wire';
import { COMMAND_TABLE } from '../commands/command-table.ts';
import { CHOSEN } from '../commands/redis-command.ts';

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

/** For `lua/rights.lua`: what the scripts run, each with as many words as it needs, separated by blanks. */
export function usedRights(): string[] {
  const names = new Set(usedCommands().flatMap(runBy));
  return [...[...names].map((name) => wordsOf(name).join(' ')), ...OF_SCRIPTS];
}

/** What no command of ours runs, and the scripts need all the same. */
const OF_SCRIPTS = ['SELECT 0', 'SCAN 0', 'DUMP 1', 'COMMAND GETKEYS GET 1'];

const rightsByName = new Map<string, readonly Uint8Array[][]>();

/** For `lua/apply.lua`: what the commands of a slot run, each with as many words as it needs. */
export function rightsOf(names: ReadonlySet<string>): Uint8Array[][] {
  return [...names].flatMap((name) => {
    const known = rightsByName.get(name) ?? runBy(name).map((each) => wordsOf(each).map(encodeUtf8));
    rightsByName.set(name, known);
    return known;
  });
}

/** What `lua/commands.lua` runs for a command of ours. */
function runBy(name: string): readonly string[] {
  return IN_PLACE.get(name) ?? [name, ...(BESIDE.get(name) ?? [])];
}

const POPS = ['SCARD', 'SMEMBERS', 'SREM'];
const IN_PLACE: ReadonlyMap<string, readonly string[]> = new Map([
  ['FLUSHALL', ['FLUSHDB']],
  [CHOSEN, POPS],
  ['TIME', []],
]);
const BESIDE: ReadonlyMap<string, readonly string[]> = new Map([
  ['SPOP', POPS],
  ['XADD', ['XINFO']],
  ['HINCRBY', ['HGET']],
  ...['INCR', 'INCRBY', 'DECR', 'DECRBY'].map((name): [string, string[]] => [name, ['GET']]),
  ...['HKEYS', 'HVALS'].map((name): [string, string[]] => [name, ['HGETALL']]),
  ...['TTL', 'PTTL', 'EXPIRETIME'].map((name): [string, string[]] => [name, ['PEXPIRETIME']]),
  ['PEXPIRE', ['PEXPIREAT']],
]);
const SUBCOMMANDS: ReadonlyMap<string, string> = new Map([
  ['OBJECT', 'ENCODING'],
  ['XINFO', 'STREAM'],
]);

function wordsOf(name: string): string[] {
  const verdict = COMMAND_TABLE.get(name);
  const arity = verdict === undefined || verdict.kind === 'refused' ? 1 : Math.abs(verdict.arity);
  const subcommand = SUBCOMMANDS.get(name);
  const words = subcommand === undefined ? [name] : [name, subcommand];
  while (words.length < arity) words.push('1');
  return words;
}

/** @throws BackendUnavailable */
export function checkRights(refused: readonly string[], where: string): void {
  if (refused.length > 0)
    throw new BackendUnavailable(
      `Redis at ${where}: the user in the url may not run ${refused.slice(0, 5).join(', ')} on every key, which the other servers may execute; see docs/redis.md for the rights`,
    );
}
