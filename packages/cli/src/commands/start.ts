/**
 * `start`: one node in the foreground. Says where it is in one line on standard output, then runs until it is told
 * to stop (exit 0) or cannot go on (one line, exit 1).
 *
 * Leaves to others: what a node is (`@quorate/core`), which node this is (`resolveSelf`), several nodes (`up`).
 */
import { join } from 'node:path';
import type { RunningServer } from '@quorate/core';
import {
  CLOSE_LIMIT_MS,
  clusterIdOf,
  probeAddress,
  resolveSelf,
  type Settings,
  settingsOfNode,
} from '@quorate/core/config';
import type { Logger, NodeId } from '@quorate/core/ports';
import { QuorateError } from '@quorate/wire';
import { loadBackend } from '../backends.ts';
import type { CommandContext } from '../context.ts';
import { failureText } from '../failure.ts';
import { type CpuProfile, startCpuProfile } from '../server/cpu-profile.ts';
import { createLogger, type LogLevel } from '../server/logger.ts';
import { StopRequest } from '../server/stop-request.ts';
import { type SettingFlags, settingFlagsOf } from '../setting-options.ts';

export type StartOptions = SettingFlags & { readonly logLevel: LogLevel };

/** What a node that was started with a channel tells the process at the other end. */
export type NodeNotice =
  | { readonly kind: 'ready'; readonly id: number }
  | { readonly kind: 'failed'; readonly message: string };

/** Beyond `shutdownTimeoutMs`, for closing the port, the backend and the journal: so long that one that hangs is named. */
const RELEASE_TIMEOUT_MS = CLOSE_LIMIT_MS + 3000;

export async function runStart(
  context: CommandContext,
  which: string | undefined,
  options: StartOptions,
): Promise<void> {
  const stop = new StopRequest('ignore');
  try {
    const settings = await startable(context, options);
    const { server, logger } = await startFirstFree(context, settings, which, options);
    const profile = settings.profile
      ? await startCpuProfile(join(settings.dataDir, `node-${server.id}`))
      : undefined;
    context.print(startLine(server, settings));
    notify({ kind: 'ready', id: server.id });
    await runUntilStopped(server, stop, settings, logger, profile);
  } catch (error) {
    notify({ kind: 'failed', message: failureText(error) });
    throw error;
  } finally {
    stop.dispose();
    if (process.connected) process.disconnect();
  }
}

/** A node must not be started by accident, as a cluster of its own, because the file was not found. */
async function startable(context: CommandContext, options: SettingFlags): Promise<Settings> {
  const settings = await context.settings(settingFlagsOf(options));
  if (settings.origins.addrs.kind === 'default') {
    throw new QuorateError(
      'CONFIG_INVALID',
      'there is no config.yaml in this directory\n    name the file with --config FILE, or the nodes with --addrs',
    );
  }
  return settings;
}

/** With `_`, somebody else may take the address between the look and the start: then the next one. */
async function startFirstFree(
  context: CommandContext,
  settings: Settings,
  which: string | undefined,
  options: StartOptions,
): Promise<{ readonly server: RunningServer; readonly logger: Logger }> {
  const { startServer } = await import('@quorate/core');
  for (let attempt = 1; ; attempt++) {
    const self = await resolveSelf(settings, which);
    await refuseTakenAddress(settings, self);
    const own = settingsOfNode(settings, self);
    const backend = await loadBackend(own);
    const logger = createLogger(options.logLevel, context.streams.stderr, { node: self });
    try {
      return { server: await startServer({ settings: own, self, backend, logger }), logger };
    } catch (error) {
      const isTaken =
        error instanceof QuorateError && (error.code === 'ADDRESS_IN_USE' || error.code === 'JOURNAL_LOCKED');
      if (which !== '_' || !isTaken || attempt >= settings.addrs.length) throw error;
    }
  }
}

/** Said before anything is opened: a second start of a node must not touch the first one's directory. */
async function refuseTakenAddress(settings: Settings, self: NodeId): Promise<void> {
  const addr = settings.addrs[self - 1] ?? '';
  if ((await probeAddress(addr)) !== 'in-use') return;
  throw new QuorateError(
    'ADDRESS_IN_USE',
    `another process listens at ${addr}; is node ${self} running already?`,
  );
}

async function runUntilStopped(
  server: RunningServer,
  stop: StopRequest,
  settings: Settings,
  logger: Logger,
  profile: CpuProfile | undefined,
): Promise<void> {
  const reason = await Promise.race([stop.requested, server.stopped]);
  if (typeof reason === 'string') {
    logger.info('stopping', { reason, atMostMs: settings.shutdownTimeoutMs });
    await withinBound(server.stop(), settings.shutdownTimeoutMs + RELEASE_TIMEOUT_MS);
  }
  if (profile !== undefined) logger.info('CPU profile written', { path: await profile.finish() });
  const error = await server.stopped;
  if (error !== undefined) throw error;
  logger.info('stopped');
}

/** @throws TIMEOUT */
function withinBound(work: Promise<void>, boundMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const late = (): void =>
      reject(new QuorateError('TIMEOUT', `the node did not stop within ${boundMs} ms`, { outcome: 'none' }));
    const timer = setTimeout(late, boundMs);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

function startLine(server: RunningServer, settings: Settings): string {
  const nodes = settings.addrs.map((addr, index) => `${index + 1}=${addr}`).join(',');
  return `node ${server.id} ready pid=${process.pid} addr=${server.addr} cluster=${clusterIdOf(settings)} nodes=${nodes}\n`;
}

/** Nothing happens without a channel, or when the other end is gone. */
function notify(notice: NodeNotice): void {
  if (process.connected) process.send?.(notice, undefined, undefined, () => undefined);
}
