/**
 * When which fault strikes: a plan drawn before the run, and its execution.
 *
 * The plan is plain data, so that a failing history can be reduced by leaving parts of it out. Whom a fault hits is
 * decided by the plan as well, except where it says "the leader".
 */
import { type NodeId, type Random, streamOf } from '@quorate/core/protocol';
import type { Profile } from './profile.ts';
import { drawCuts, isOneWay, SHAPES, type Shape } from './world/partitions.ts';
import { type Later, schedulePlan } from './world/plan.ts';
import type { World } from './world/world.ts';

export type Strike = { readonly atMs: number } & (
  | {
      readonly kind: 'partition';
      readonly shape: Shape;
      readonly lastsMs: number;
      readonly flaps: number;
      readonly seed: number;
    }
  | {
      readonly kind: 'crash';
      readonly node: NodeId | 'leader';
      readonly downMs: number;
      readonly silent: boolean;
      readonly boundaries: number | undefined;
    }
  | { readonly kind: 'power-cut'; readonly downMs: readonly number[] }
  | {
      readonly kind: 'pause';
      readonly node: NodeId | 'leader';
      readonly lastsMs: number;
      readonly freezesClock: boolean;
    }
  | { readonly kind: 'resign' }
  | { readonly kind: 'campaign'; readonly node: NodeId }
  | { readonly kind: 'usurp'; readonly node: NodeId }
);

export function drawPlan(seed: number, profile: Profile, nodes: readonly NodeId[]): Strike[] {
  const plan: Strike[] = [];
  const { every, limits } = profile;
  const timeoutMs = limits.electionTimeoutMs;
  const strikes = (meanMs: number, name: string, draw: (atMs: number, random: Random) => Strike): void => {
    if (meanMs === 0) return;
    const random = streamOf(seed, `nemesis/${name}`);
    for (
      let atMs = meanMs * random.fraction();
      atMs < profile.chaosMs;
      atMs += meanMs * (0.3 + 1.4 * random.fraction())
    ) {
      plan.push(draw(atMs, random));
    }
  };
  const victim = (random: Random): NodeId | 'leader' => (random.chance(0.4) ? 'leader' : random.pick(nodes));
  strikes(every.partitionMs, 'partition', (atMs, random) => ({
    atMs,
    kind: 'partition',
    shape: random.pick(SHAPES),
    lastsMs: timeoutMs * random.pick([0.3, 2, 6]) * (0.5 + random.fraction()),
    flaps: random.chance(0.2) ? random.between(2, 8) : 1,
    seed: random.uint32(),
  }));
  strikes(every.crashMs, 'crash', (atMs, random) => ({
    atMs,
    kind: 'crash',
    node: victim(random),
    downMs: timeoutMs * random.pick([0.01, 0.2, 2]) * (0.5 + random.fraction()),
    silent: random.chance(0.3),
    boundaries: random.chance(0.5) ? random.below(40) : undefined,
  }));
  strikes(every.powerCutMs, 'power-cut', (atMs, random) => ({
    atMs,
    kind: 'power-cut',
    downMs: nodes.map(() => timeoutMs * (0.1 + random.fraction() * random.pick([0.1, 3]))),
  }));
  strikes(every.pauseMs, 'pause', (atMs, random) => ({
    atMs,
    kind: 'pause',
    node: victim(random),
    lastsMs: timeoutMs * random.pick([0.3, 1.5, 5]) * (0.5 + random.fraction()),
    freezesClock: random.chance(0.3),
  }));
  strikes(every.resignMs, 'resign', (atMs) => ({ atMs, kind: 'resign' }));
  strikes(every.campaignMs, 'campaign', (atMs, random) => ({
    atMs,
    kind: 'campaign',
    node: random.pick(nodes),
  }));
  // Often the same one: a leader that comes back at another ballot meets what was sent to it at the last one.
  const favourite = streamOf(seed, 'nemesis/favourite').pick(nodes);
  strikes(every.usurpMs, 'usurp', (atMs, random) => ({
    atMs,
    kind: 'usurp',
    node: random.chance(0.4) ? favourite : random.pick(nodes),
  }));
  return plan.sort((left, right) => left.atMs - right.atMs);
}

/** Schedules the whole plan. `isOver` ends it: what was to strike later does not. */
export function unleash(world: World, plan: readonly Strike[], isOver: () => boolean): void {
  schedulePlan(world.scheduler, plan, isOver, (strike, later) => hit(world, strike, later));
}

function hit(world: World, strike: Strike, later: Later): void {
  switch (strike.kind) {
    case 'partition':
      return partition(world, strike, later);
    case 'crash':
      return crash(world, strike, later);
    case 'power-cut':
      world.coverage.hit('power-cut');
      world.nodes.forEach((node, index) => {
        world.crash(node, true);
        later(strike.downMs[index] ?? 0, () => world.boot(node));
      });
      return;
    case 'pause': {
      const node = strike.node === 'leader' ? world.leader() : strike.node;
      if (node === undefined || !world.process(node).isAlive || world.process(node).isPaused) return;
      world.pause(node, strike.freezesClock);
      later(strike.lastsMs, () => world.resume(node));
      return;
    }
    case 'resign': {
      const leader = world.leader();
      if (leader !== undefined) world.ask(leader, (host) => host.resign());
      return;
    }
    case 'usurp':
      world.coverage.hit('usurp');
      return world.ask(strike.node, (host) => host.usurp());
    case 'campaign':
      return world.ask(strike.node, (host) => host.campaign());
    default:
      return strike satisfies never;
  }
}

function partition(world: World, strike: Extract<Strike, { kind: 'partition' }>, later: Later): void {
  const cuts = drawCuts(strike.shape, world.nodes, world.leader(), streamOf(strike.seed, 'cuts'));
  if (cuts.length === 0) return;
  world.coverage.hit('partition');
  if (isOneWay(cuts)) world.coverage.hit('one-way-cut');
  const phaseMs = strike.lastsMs / (strike.flaps * 2 - 1);
  for (let flap = 0; flap < strike.flaps; flap++) {
    later(phaseMs * flap * 2, () => {
      for (const [from, to] of cuts) world.network.cut(from, to);
    });
    later(phaseMs * (flap * 2 + 1), () => {
      for (const [from, to] of cuts) world.network.heal(from, to);
    });
  }
}

function crash(world: World, strike: Extract<Strike, { kind: 'crash' }>, later: Later): void {
  const node = strike.node === 'leader' ? world.leader() : strike.node;
  if (node === undefined || !world.process(node).isAlive) return;
  if (strike.boundaries === undefined) {
    world.crash(node, strike.silent);
  } else {
    world.coverage.hit('crash-at-effect');
    world.process(node).dieAfter(strike.boundaries);
  }
  const reboot = (): void => {
    // One that was to die at an effect may still be on its way there.
    if (world.process(node).isAlive) world.crash(node, strike.silent);
    world.boot(node);
  };
  later(strike.downMs, reboot);
}
