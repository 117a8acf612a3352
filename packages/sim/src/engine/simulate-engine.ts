/**
 * One seed of the engine depth from beginning to end: production engines, frames, sessions, backends and clients under
 * chaos, judged after every event; then the healing, judged for usefulness; then the history, judged as a whole.
 *
 * Equal seeds give equal runs as long as the backend answers the same; the hash of the trace says so.
 */
import { streamOf } from '@quorate/core/protocol';
import type { CoverageCounts } from '../coverage.ts';
import { checkHistory } from '../linearizability/check.ts';
import { shrink } from '../linearizability/shrink.ts';
import { timeline } from '../linearizability/timeline.ts';
import { Violation } from '../sim-event.ts';
import type { EngineCoverage } from './coverage.ts';
import { type EngineHealReport, healEngines } from './engine-heal.ts';
import { type EngineTraceOptions, engineNote, engineTrace } from './engine-trace.ts';
import { EngineWorld } from './engine-world.ts';
import { drawEngineProfile, type EngineProfile } from './profile.ts';
import { recordedHistory } from './recorded-history.ts';
import { SimClient } from './sim-client.ts';
import type { Stage } from './stage.ts';
import { stageFor } from './stages/index.ts';
import { drawStrikes } from './strike-plan.ts';
import { unleashStrikes } from './strikes.ts';

export type EngineSimOptions = {
  readonly seed: number;
  /** Drawn from the seed unless given. */
  readonly profile?: EngineProfile;
  /** Drawn from the profile unless given. */
  readonly stage?: Stage;
  readonly trace?: EngineTraceOptions;
  /** Share of the seeds whose history goes through the search for a linear order. Default 0.25. */
  readonly historyShare?: number;
};

export type EngineVerdict = {
  readonly seed: number;
  readonly profile: EngineProfile;
  readonly events: number;
  readonly traceHash: string;
  readonly coverage: CoverageCounts;
  readonly engineCoverage: EngineCoverage;
  readonly chosenSlots: number;
  readonly requests: number;
} & (
  | { readonly ok: true; readonly heal: EngineHealReport }
  | { readonly ok: false; readonly violated: string; readonly sentence: string; readonly replay: string }
);

const DEFAULT_HISTORY_SHARE = 0.25;

export async function simulateEngine(options: EngineSimOptions): Promise<EngineVerdict> {
  const { seed } = options;
  const profile = options.profile ?? drawEngineProfile(seed);
  const stage = options.stage ?? stageFor(profile);
  const world: EngineWorld = new EngineWorld(seed, profile, stage, (event) => {
    if (options.trace !== undefined) engineTrace(world, event, options.trace);
  });
  const { trace } = options;
  if (trace !== undefined) world.note = (text) => engineNote(world, text, trace);
  const heal = await run(world);
  const { judge } = world;
  if (judge.violation === undefined) {
    const isChecked = streamOf(seed, 'history').chance(options.historyShare ?? DEFAULT_HISTORY_SHARE);
    if (isChecked) judge.violation = checkedHistory(world);
  }
  const facts = {
    seed,
    profile,
    events: world.scheduler.events,
    traceHash: world.hash.digest(),
    coverage: judge.coverage,
    engineCoverage: judge.engineCoverage,
    chosenSlots: judge.witness.appliedSlots,
    requests: judge.ended.length,
  };
  await world.dismiss();
  const { violation } = judge;
  if (violation === undefined && heal !== undefined) return { ok: true, heal, ...facts };
  const at = world.scheduler.events;
  const replay = `npm run sim -- --depth engine --seed ${seed} --trace --from ${Math.max(0, at - 200)} --until ${at}`;
  const sentence = violation?.message ?? 'the run ended without a verdict';
  return { ok: false, violated: violation?.property ?? 'none', sentence, replay, ...facts };
}

async function run(world: EngineWorld): Promise<EngineHealReport | undefined> {
  const { base, clients: clientProfile } = world.profile;
  let isOver = false;
  const clients = Array.from({ length: clientProfile.count }, (_, index) => new SimClient(index + 1, world));
  for (const node of world.nodes) world.boot(node);
  unleashStrikes(world, drawStrikes(world.seed, world.profile, world.nodes), () => isOver);
  for (const client of clients) client.run(() => isOver);
  await runUntil(world, base.chaosMs, () => world.scheduler.events >= base.maxChaosEvents);
  isOver = true;
  if (world.judge.violation !== undefined) return undefined;
  return healEngines(world, clients, (untilMs, isDone) => runUntil(world, untilMs, isDone));
}

/** One event after another; between two of them whatever was promised settles. */
async function runUntil(world: EngineWorld, untilMs: number, isDone: () => boolean): Promise<boolean> {
  const { scheduler, bridge, judge } = world;
  while (judge.violation === undefined) {
    if (isDone()) return true;
    if (bridge.isBusy) await bridge.settle();
    if (!scheduler.step(untilMs)) return isDone();
    if (bridge.isBusy) await bridge.settle();
  }
  return false;
}

function checkedHistory(world: EngineWorld): Violation | undefined {
  const { judge, stage } = world;
  judge.engineCoverage.hit('history-checked');
  const report = checkHistory(recordedHistory(stage, judge.ended));
  if (report.verdict === 'yes') return undefined;
  const [first] = report.violations;
  if (first === undefined) return undefined;
  return new Violation('LINEARIZABLE', `no order explains these answers\n${timeline(shrink(first))}`);
}
