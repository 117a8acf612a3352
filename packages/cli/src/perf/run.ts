/**
 * `quorate perf`: gets a cluster, measures it, prints what was found, and leaves nothing behind.
 *
 * Owns: the cluster that it spawned, the connections, signals, output and exit code. Leaves to others: the
 * measurement itself (`measure.ts`), the words and pictures (`report.ts`, `picture.ts`, `svg.ts`).
 */
import { writeFileSync } from 'node:fs';
import { createClient, type QuorateClient } from '@quorate/client';
import type { CommandContext } from '../context.ts';
import { CommandFailure, EXIT } from '../exit-codes.ts';
import { ProgressLine } from '../output/progress.ts';
import { ProcessCluster } from '../spawn/cluster.ts';
import { measure } from './measure.ts';
import { coursePicture, histogramPicture } from './picture.ts';
import { MAX_IN_FLIGHT, type PerfFlags, type PerfPlan, readPlan } from './plan.ts';
import { count, describeReport, type Findings, makeReport, type PerfReport } from './report.ts';
import { runSvg } from './svg.ts';

/** A node keeps a window of this many commands for a session, and one connection has one session. */
const MAX_IN_FLIGHT_PER_CLIENT = 4096;

export async function runPerf(context: CommandContext, flags: PerfFlags): Promise<void> {
  const plan = readPlan(flags);
  const progress = new ProgressLine(context.streams.stderr);
  const interruption = onInterrupt();
  let cluster: ProcessCluster | undefined;
  let clients: QuorateClient[] = [];
  try {
    if (plan.spawn !== undefined) {
      progress.update(`starting ${plan.spawn} nodes`);
      cluster = await ProcessCluster.start({ nodes: plan.spawn });
    }
    clients = connect(cluster?.addrs ?? (await context.endpoints()), plan, context.timeoutMs);
    const onProgress = (text: string): void => progress.update(text);
    const findings = await measure({ plan, clients, cluster, interrupted: interruption.signal, onProgress });
    progress.end('');
    publish(context, findings);
    if (interruption.signal.aborted)
      throw new CommandFailure(EXIT.interrupted, 'interrupted: the numbers are of a part of the run');
  } finally {
    progress.end('');
    await Promise.all(clients.map((client) => client.close()));
    await cluster?.stop();
    interruption.release();
  }
}

/** The load itself bounds what is in flight, so the client's own bounds are as wide as can be. */
function connect(
  endpoints: readonly string[],
  { connections }: PerfPlan,
  timeoutMs: number,
): QuorateClient[] {
  const bounds = { maxInFlight: MAX_IN_FLIGHT_PER_CLIENT, maxQueued: MAX_IN_FLIGHT };
  return Array.from({ length: connections }, () =>
    createClient({ endpoints, timeoutMs, ...bounds, clientName: 'quorate-perf' }),
  );
}

/** @throws CommandFailure with EXIT.failed for a run that must not be taken for a success */
function publish(context: CommandContext, findings: Findings): void {
  const report = makeReport(findings);
  if (context.format === 'json') context.printJson(report);
  else context.print(`${describeReport(report)}\n\n${pictures(findings)}\n`);
  const { svgPath } = findings.plan;
  if (svgPath !== undefined) writeFileSync(svgPath, runSvg(title(report), findings.load, findings.kills));
  const lost = report.verified?.lost ?? 0;
  if (lost > 0) throw new CommandFailure(EXIT.failed, `${lost} keys do not hold what was acknowledged`);
  if (report.operations === 0) throw new CommandFailure(EXIT.failed, 'nothing was answered');
}

function pictures({ load }: Findings): string {
  return [histogramPicture(load.recorder.bars), coursePicture(load.recorder.timeline)]
    .filter((text) => text !== '')
    .join('\n\n');
}

function title({ clients, connections, mix, valueBytes, throughput }: PerfReport): string {
  return `${clients} in flight over ${count(connections, 'connection')}, ${mix}, ${valueBytes} B: ${Math.round(throughput)} operations/s`;
}

/** The first signal ends the run in order; a second one ends the process, and its exit hook the nodes. */
function onInterrupt(): { readonly signal: AbortSignal; readonly release: () => void } {
  const controller = new AbortController();
  const onSignal = (): void => {
    if (controller.signal.aborted) process.exit(EXIT.interrupted);
    controller.abort();
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  const release = (): void => {
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
  };
  return { signal: controller.signal, release };
}
