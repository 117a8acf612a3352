/**
 * One measurement from the first connection to the last read: connect, fill and warm up outside the clock, then
 * the load with its faults, then the reading back.
 *
 * Owns: the order of these phases, and that a failure in one ends the others. Leaves to others: options, output and
 * the life of the cluster (`run.ts`).
 */
import type { ProcessCluster } from '../spawn/cluster.ts';
import { type FailOvers, failOver, killAsOrdered } from './faults.ts';
import { Ledger } from './ledger.ts';
import { Load, type LoadLimit, type PerfClient } from './load.ts';
import { mixPeriod, type Operation } from './mix.ts';
import type { PerfPlan } from './plan.ts';
import type { Findings } from './report.ts';
import { type Verification, verify } from './verify.ts';

export type MeasureHost = {
  readonly plan: PerfPlan;
  /** One per connection. */
  readonly clients: readonly PerfClient[];
  readonly cluster: ProcessCluster | undefined;
  /** Set when the user wants to see the end of it. */
  readonly interrupted: AbortSignal;
  /** Called about four times a second while something runs. */
  readonly onProgress: (text: string) => void;
};

const PROGRESS_INTERVAL_MS = 250;
/** Keys written before a mix with reads, so that the reads find something. */
const FILL_KEYS = 10_000;
const FILL_IN_FLIGHT = 64;

export async function measure(host: MeasureHost): Promise<Findings> {
  const { plan, clients } = host;
  const run = Math.floor(Math.random() * 36 ** 4)
    .toString(36)
    .padStart(4, '0');
  const ledger = new Ledger({
    run,
    keyCount: plan.keyCount,
    valueBytes: plan.valueBytes,
    numbered: plan.verify,
  });
  await Promise.all(clients.map((client) => client.delBytes(`perf${run}`))); // Opens the connection and the session.
  if (plan.mix.get > 0) await fill(host, ledger);
  if (plan.warmupMs > 0)
    await runLoad(host, newLoad(host, ledger, { kind: 'duration', durationMs: plan.warmupMs }), 'warming up');

  const load = newLoad(host, ledger, plan.limit);
  let isOver = false;
  const running = runLoad(host, load, 'measuring').finally(() => {
    isOver = true;
  });
  const [faults] = await Promise.all([
    withStop(
      load,
      doFaults(host, load, () => isOver),
    ),
    running,
  ]);
  return { plan, load, ...faults, verification: await readBack(host, ledger) };
}

function newLoad({ clients, plan }: MeasureHost, ledger: Ledger, limit: LoadLimit): Load {
  return new Load({ clients, ledger, inFlight: plan.inFlight, limit, period: mixPeriod(plan.mix) });
}

async function fill(host: MeasureHost, ledger: Ledger): Promise<void> {
  const count = Math.min(FILL_KEYS, host.plan.keyCount);
  const period: readonly Operation[] = ['set'];
  const inFlight = Math.min(FILL_IN_FLIGHT, count);
  await runLoad(
    host,
    new Load({ clients: host.clients, ledger, inFlight, limit: { kind: 'requests', count }, period }),
    'filling',
  );
}

async function runLoad({ interrupted, onProgress }: MeasureHost, load: Load, what: string): Promise<void> {
  const stop = (): void => load.stop();
  interrupted.addEventListener('abort', stop);
  if (interrupted.aborted) stop();
  const timer = setInterval(() => onProgress(describeProgress(what, load)), PROGRESS_INTERVAL_MS);
  try {
    await load.run();
  } finally {
    clearInterval(timer);
    interrupted.removeEventListener('abort', stop);
  }
}

function describeProgress(what: string, load: Load): string {
  const { latencies, errors, unknown } = load.recorder;
  const share = load.progress > 0 ? ` ${Math.floor(load.progress * 100)} %` : '';
  const rate = Math.round(latencies.count / Math.max(0.001, load.elapsedMs / 1000));
  return `${what}${share}: ${latencies.count} answered, ${rate}/s, ${errors} not executed, ${unknown} unknown`;
}

async function doFaults(
  { plan, cluster, onProgress }: MeasureHost,
  load: Load,
  isOver: () => boolean,
): Promise<FailOvers> {
  if (cluster === undefined) return { kills: [], gapsMs: [] };
  if (plan.failovers > 0) {
    const found = await failOver(cluster, load, plan.failovers, isOver, (gapMs) =>
      onProgress(`failover: ${gapMs.toFixed(0)} ms without an answer`),
    );
    load.stop();
    return found;
  }
  return { kills: await killAsOrdered(cluster, load, plan.kills, isOver), gapsMs: [] };
}

/** A fault that could not be carried out ends the load, which might otherwise be an open one. */
async function withStop<T>(load: Load, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    load.stop();
    throw error;
  }
}

async function readBack(
  { plan, clients, interrupted, onProgress }: MeasureHost,
  ledger: Ledger,
): Promise<Verification | undefined> {
  if (!plan.verify || interrupted.aborted) return undefined;
  let shownAt = 0;
  return verify(ledger, clients, (done) => {
    if (performance.now() - shownAt < PROGRESS_INTERVAL_MS) return;
    shownAt = performance.now();
    onProgress(`reading back: ${done} of ${ledger.usedKeys} keys`);
  });
}
