/**
 * `up`: all nodes of the config file on this machine as processes, then the REPL; with lines piped in, those lines.
 * However it ends - `exit`, end of input, Ctrl-C, a failed line, even `kill -9` - the nodes are gone afterwards, and so is
 * everything temporary.
 *
 * Leaves to others: the processes (`cluster/`), the lines (`repl/`).
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { flagNameOf, foreign, probeAddress, type SettingKey, type Settings } from '@quorate/core/config';
import { QuorateError } from '@quorate/wire';
import { LocalCluster } from '../cluster/local-cluster.ts';
import type { CommandContext } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { ProgressLine } from '../output/progress.ts';
import { type StopReason, StopRequest } from '../server/stop-request.ts';
import { type SettingFlags, settingFlagsOf } from '../setting-options.ts';
import type { TemporaryServer } from '../stores/keeper-messages.ts';
import { ThrowAway } from '../stores/throw-away.ts';
import { runReplOn } from './repl.ts';

export type UpOptions = SettingFlags & {
  readonly temporary?: true;
  readonly nodes?: string;
  readonly repl: boolean;
};

const DEFAULT_TEMPORARY_NODES = 3;
const MAX_NODES = 9;

export async function runUp(context: CommandContext, options: UpOptions): Promise<void> {
  const stop = new StopRequest('stop');
  const throwAway = options.temporary === true ? await ThrowAway.begin() : undefined;
  try {
    const plan = await planNodes(context, options, throwAway?.directory);
    await checkAddresses(plan.settings);
    const { backend, backendOptions, addrs } = plan.settings;
    const stores =
      backendOptions === undefined ? await throwAway?.startServers(backend, addrs.length) : undefined;
    const complete = stores === undefined ? plan : withStores(plan, stores);
    context.exitCode = await runNodes(context, complete, options, { stop, throwAway });
  } finally {
    await throwAway?.end();
    stop.dispose();
  }
}

type Plan = {
  readonly settings: Settings;
  readonly startArguments: readonly string[];
  readonly stores?: readonly TemporaryServer[];
};

async function planNodes(
  context: CommandContext,
  options: UpOptions,
  temporary: string | undefined,
): Promise<Plan> {
  const typed = settingFlagsOf(options);
  const configured = await context.settings(typed);
  if (temporary === undefined) {
    if (options.nodes !== undefined)
      throw new QuorateError(
        'ARGUMENT',
        '--nodes goes with --temporary; otherwise addrs say how many nodes there are',
      );
    if (configured.origins.addrs.kind === 'default') {
      throw new QuorateError(
        'CONFIG_INVALID',
        'there is no config.yaml in this directory\n    name the file with --config FILE, or try a throw-away cluster: quorate up --temporary',
      );
    }
    return { settings: configured, startArguments: startArgumentsOf(context, typed, configured.dataDir) };
  }
  const fromFile =
    configured.origins.addrs.kind === 'default' ? DEFAULT_TEMPORARY_NODES : configured.addrs.length;
  const count = options.nodes === undefined ? fromFile : nodeCount(options.nodes);
  const { freePorts } = await import('@quorate/core/testing'); // Of no use to anybody else who starts nodes.
  const addrs = (await freePorts(count)).map((port) => `127.0.0.1:${port}`);
  const flags = { ...typed, addrs: addrs.join(',') };
  const settings = { ...(await context.settings(flags)), dataDir: temporary };
  return { settings, startArguments: startArgumentsOf(context, flags, temporary) };
}

/** Each node gets the throw-away server that was started for it. */
function withStores({ settings, startArguments }: Plan, stores: readonly TemporaryServer[]): Plan {
  const backendOptions = { url: stores.map(({ url }) => url) };
  return {
    stores,
    settings: { ...settings, backendOptions },
    startArguments: [...startArguments, flagNameOf('backendOptions'), JSON.stringify(backendOptions)],
  };
}

/** The children see this process's environment too, so only the file and the flags have to be handed on. */
function startArgumentsOf(context: CommandContext, flags: SettingFlags, dataDir: string): string[] {
  const file = context.configFile === undefined ? [] : ['--config', context.configFile];
  const given = Object.entries(flags) as [SettingKey, string | boolean][];
  return [
    ...file,
    '--data-dir',
    dataDir,
    ...given.flatMap(([key, value]) =>
      value === true ? [flagNameOf(key)] : [flagNameOf(key), String(value)],
    ),
  ];
}

function nodeCount(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= MAX_NODES) return count;
  throw new QuorateError('ARGUMENT', `--nodes: takes a number from 1 to ${MAX_NODES}, not "${text}"`);
}

/** Before any process starts, so that the trouble is one line here and not one in each of several logs. */
async function checkAddresses(settings: Settings): Promise<void> {
  const states = await Promise.all(settings.addrs.map(probeAddress));
  const strange = states.indexOf('foreign');
  if (strange !== -1) throw foreign(settings, strange);
  const taken = settings.addrs.filter((_, index) => states[index] === 'in-use');
  if (taken.length > 0)
    throw new QuorateError(
      'ADDRESS_IN_USE',
      `${taken.join(', ')}: another process listens there; is this cluster running already?`,
    );
}

async function runNodes(
  context: CommandContext,
  { settings, startArguments, stores }: Plan,
  options: UpOptions,
  { stop, throwAway }: { readonly stop: StopRequest; readonly throwAway: ThrowAway | undefined },
): Promise<number> {
  const progress = new ProgressLine(context.streams.stderr);
  let isReady = false;
  const cluster = new LocalCluster({
    settings,
    startArguments,
    // Before the nodes are ready their failure is the answer of the whole command.
    onUnexpectedEnd: (node, how) => isReady && context.note(`node ${node.id} ended: ${how}`),
  });
  throwAway?.usedBy(cluster.nodes.map(({ pid }) => pid));
  try {
    progress.update(`starting ${cluster.nodes.length} nodes ...`);
    const ready = cluster.waitForLeader((answering) =>
      progress.update(
        `starting: ${answering} of ${cluster.nodes.length} nodes answer, waiting for a leader ...`,
      ),
    );
    const leader = await Promise.race([ready, stop.requested]);
    if (typeof leader === 'string') return exitCodeAfter(leader);
    isReady = true;
    progress.end(`${describeNodes(cluster, leader.id, settings)}${describeStores(stores)}`);
    return options.repl ? await runReplOn(context, settings.addrs, stop) : await untilTold(stop);
  } finally {
    progress.update('stopping the nodes ...');
    await cluster.stop();
    progress.end('');
  }
}

/** Being told to stop is how a cluster without a REPL ends. */
async function untilTold(stop: StopRequest): Promise<number> {
  await stop.requested;
  return EXIT.done;
}

/** Interrupted before there was anything to stop. */
function exitCodeAfter(reason: StopReason): number {
  return reason === 'SIGINT' ? EXIT.interrupted : EXIT.done;
}

function describeNodes(cluster: LocalCluster, leader: number, settings: Settings): string {
  const lines = cluster.nodes.map(
    ({ id, addr, pid }) => `  node ${id}  ${addr}  pid ${pid}${id === leader ? '  leader' : ''}`,
  );
  const log = existsSync(settings.dataDir) ? `, their logs in ${join(settings.dataDir, 'node-N.log')}` : '';
  return `${cluster.nodes.length} nodes run, data in ${settings.dataDir}${log}\n${lines.join('\n')}`;
}

/** Where to look with the store's own tools. */
function describeStores(stores: readonly TemporaryServer[] | undefined): string {
  const lines = (stores ?? []).map(({ url, pid }, index) => `  store ${index + 1}  ${url}  pid ${pid}`);
  return lines.map((line) => `\n${line}`).join('');
}
