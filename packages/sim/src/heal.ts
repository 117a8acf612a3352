/**
 * The second phase of a run: faults stop, and the cluster must become useful again within a bound.
 *
 * Owns CORE-CONVERGE and NO-LIVELOCK. Either everything is healed, or only a core: a random quorum whose members run
 * and reach one another, while the other nodes stay as the chaos left them, dead, paused or half connected.
 * Ref: the liveness mode of TigerBeetle's simulator.
 */
import { type NodeId, streamOf } from '@quorate/core/protocol';
import type { Ledger } from './ledger.ts';
import { Violation } from './sim-event.ts';
import type { Workload } from './workload.ts';
import { drawCuts, SHAPES } from './world/partitions.ts';
import type { World } from './world/world.ts';

/** Election time-outs within which somebody in the core leads. */
const LEADER_WITHIN_TIMEOUTS = 8;
/** After that, leadership may change this often while the core is watched. */
const MAX_LEADER_CHANGES = 2;
const STABLE_TIMEOUTS = 6;

export type HealReport = { readonly leaderAfterTimeouts: number; readonly convergedAfterTimeouts: number };

export function heal(world: World, ledger: Ledger, workload: Workload): HealReport {
  world.calm();
  const core = startCore(world);
  mend(world, core);
  const startMs = world.scheduler.nowMs;
  const timeoutMs = world.profile.limits.electionTimeoutMs;
  const inTimeouts = (): number => (world.scheduler.nowMs - startMs) / timeoutMs;

  runUntil(
    world,
    startMs + LEADER_WITHIN_TIMEOUTS * timeoutMs,
    () => leaderIn(world, core) !== undefined,
    () => 'nobody leads the healed core',
  );
  const leaderAfterTimeouts = inTimeouts();

  const markers = new Set<number>();
  askForMarkers(world, ledger, workload, core, markers);
  runUntil(
    world,
    startMs + convergeMs(world, ledger),
    () => hasConverged(world, ledger, core, markers),
    () => describeCore(world, core),
  );
  const convergedAfterTimeouts = inTimeouts();

  watchStability(world, core, timeoutMs);
  world.coverage.hit(core.length === world.nodes.length ? 'converged' : 'converged-core');
  return { leaderAfterTimeouts, convergedAfterTimeouts };
}

/** A node may find at this very start that its journal is damaged, and halt: then another core is drawn without it. */
function startCore(world: World): readonly NodeId[] {
  for (;;) {
    const core = drawCore(world);
    for (const node of core) {
      world.resume(node);
      world.boot(node);
    }
    if (!core.some((node) => world.halted.has(node))) return core;
  }
}

/** Links within the core carry again. Those to other nodes stay as they are, or are cut in a shape of their own. */
function mend(world: World, core: readonly NodeId[]): void {
  const random = streamOf(world.seed, 'mend');
  const outside = core.length < world.nodes.length && random.chance(0.7);
  const cuts = outside ? drawCuts(random.pick(SHAPES), world.nodes, world.leader(), random) : [];
  for (const [from, to] of cuts) world.network.cut(from, to);
  for (const from of core) for (const to of core) if (from !== to) world.network.heal(from, to);
}

function drawCore(world: World): NodeId[] {
  const { profile } = world;
  const nodes = world.nodes.filter((node) => !world.halted.has(node));
  if (!profile.healsCoreOnly || nodes.length < 3) return [...nodes];
  const random = streamOf(world.seed, 'core');
  const size = Math.floor(world.nodes.length / 2) + 1;
  return random
    .shuffle(nodes)
    .slice(0, random.between(size, Math.max(size, nodes.length - 1)))
    .sort((left, right) => left - right);
}

/** Somebody who leads and whom a node of the core follows; possibly a node outside the core. */
function leaderIn(world: World, core: readonly NodeId[]): NodeId | undefined {
  for (const node of core) {
    const leader = world.process(node).host?.replica?.leader;
    if (leader !== undefined && world.process(leader).host?.replica?.role === 'leader') return leader;
  }
  return undefined;
}

/** New values at whoever leads, until one of them is chosen: what the chaos left behind may all have been refused. */
function askForMarkers(
  world: World,
  ledger: Ledger,
  workload: Workload,
  core: readonly NodeId[],
  markers: Set<number>,
): void {
  if (chosenMarker(ledger, markers) !== undefined) return;
  const leader = leaderIn(world, core);
  if (leader !== undefined) markers.add(workload.propose(leader, false));
  world.scheduler.after(world.profile.limits.electionTimeoutMs / 3, () =>
    askForMarkers(world, ledger, workload, core, markers),
  );
}

/** The slot in which a marker was chosen, if any was. Markers are among the last values of a run. */
function chosenMarker(ledger: Ledger, markers: ReadonlySet<number>): number | undefined {
  for (const facts of [...ledger.slots.values()].reverse()) {
    if (facts.chosen !== undefined && markers.has(facts.chosen)) return facts.slot;
  }
  return undefined;
}

/** Room for catch-up one slot per round trip, which the smallest limits amount to. */
function convergeMs(world: World, ledger: Ledger): number {
  const { limits, network, disk, turnMs, applyMs } = world.profile;
  const roundTripMs =
    2 * (network.latencyMs + network.jitterMs) +
    3 * disk.flushMs +
    4 * turnMs +
    applyMs +
    limits.heartbeatMs / 2;
  return limits.electionTimeoutMs * (LEADER_WITHIN_TIMEOUTS + 12) + ledger.slots.size * 2 * roundTripMs;
}

/** A marker is chosen, and every node of the core has learned and applied the same slots, the marker's included. */
function hasConverged(
  world: World,
  ledger: Ledger,
  core: readonly NodeId[],
  markers: ReadonlySet<number>,
): boolean {
  const learned = world.process(core[0] as NodeId).host?.replica?.learnedSlot ?? 0;
  for (const node of core) {
    const { host, backend } = world.process(node);
    if (host?.replica?.learnedSlot !== learned || backend.appliedSlot !== learned) return false;
  }
  return learned >= (chosenMarker(ledger, markers) ?? Number.POSITIVE_INFINITY);
}

function watchStability(world: World, core: readonly NodeId[], timeoutMs: number): void {
  let changes = 0;
  let leader = leaderIn(world, core);
  runUntil(world, world.scheduler.nowMs + STABLE_TIMEOUTS * timeoutMs, () => {
    const now = leaderIn(world, core);
    if (now !== undefined && now !== leader) {
      changes += 1;
      leader = now;
    }
    if (changes > MAX_LEADER_CHANGES)
      throw new Violation(
        'NO-LIVELOCK',
        `leadership of the healed core changed ${changes} times in ${STABLE_TIMEOUTS} election time-outs`,
      );
    return false;
  });
}

/** Lets events happen until `isDone`. At the bound: a violation if `complaint` is given, else it just returns. */
function runUntil(world: World, untilMs: number, isDone: () => boolean, complaint?: () => string): void {
  while (!isDone()) {
    if (world.scheduler.step(untilMs)) continue;
    if (complaint !== undefined)
      throw new Violation('CORE-CONVERGE', `${complaint()} (${untilMs.toFixed(0)} ms)`);
    return;
  }
}

function describeCore(world: World, core: readonly NodeId[]): string {
  const nodes = core.map((node) => {
    const view = world.view(node);
    return view === undefined
      ? `${node} dead`
      : `${node} ${view.role} ${view.ballot.round}.${view.ballot.node} learned=${view.learnedSlot} applied=${view.appliedSlot}`;
  });
  return `the healed core did not converge: ${nodes.join(' | ')}`;
}
