/** Lets the faults of a plan strike a cluster of engines. */
import { crc32 } from 'node:zlib';
import { type NodeId, streamOf } from '@quorate/core/protocol';
import { encodePeerFrame } from '@quorate/core/wire';
import { drawCuts, isOneWay } from '../world/partitions.ts';
import { type Later, schedulePlan } from '../world/plan.ts';
import type { EngineWorld } from './engine-world.ts';
import type { StoreTrouble } from './stage.ts';
import type { EngineStrike, Victim } from './strike-plan.ts';

/** Schedules the whole plan. `isOver` ends it: what was to strike later does not. */
export function unleashStrikes(
  world: EngineWorld,
  plan: readonly EngineStrike[],
  isOver: () => boolean,
): void {
  schedulePlan(world.scheduler, plan, isOver, (strike, later) => hit(world, strike, later));
}

function hit(world: EngineWorld, strike: EngineStrike, later: Later): void {
  const { coverage } = world.judge;
  world.note?.(`strike ${JSON.stringify(strike)}`);
  switch (strike.kind) {
    case 'partition':
      return partition(world, strike, later);
    case 'crash':
      return crash(world, strike, later);
    case 'power-cut':
      coverage.hit('power-cut');
      return world.nodes.forEach((node, index) => {
        world.crash(node, true);
        later(strike.downMs[index] ?? 0, () => world.boot(node));
      });
    case 'pause': {
      const process = victimOf(world, strike.node);
      if (process === undefined || process.isPaused) return;
      coverage.hit('pause');
      if (strike.freezesClock) coverage.hit('clock-frozen');
      process.pause(strike.freezesClock);
      return later(strike.lastsMs, () => process.resume());
    }
    case 'usurp':
      return usurp(world, strike.node);
    case 'stop':
      return stop(world, strike);
    case 'wall-jump':
      world.hit(strike.byMs < 0 ? 'wall-jump-backwards' : 'wall-jump-forwards');
      return victimOf(world, strike.node)?.clock.jumpWall(strike.byMs);
    case 'wall': {
      const names = strike.nodes.map((node) => `${strike.client}/${node}`);
      world.hit('client-walled-off');
      for (const name of names) world.walls.add(name);
      return later(strike.lastsMs, () => names.forEach((name) => world.walls.delete(name)));
    }
    case 'store':
      return damageStore(world, strike.node, strike.trouble);
    default:
      return strike satisfies never;
  }
}

function victimOf(world: EngineWorld, victim: Victim): ReturnType<EngineWorld['process']> | undefined {
  const node = victim === 'leader' ? world.leader() : victim;
  const process = node === undefined ? undefined : world.process(node);
  return process?.isAlive === true ? process : undefined;
}

type Strike<Kind extends EngineStrike['kind']> = Extract<EngineStrike, { kind: Kind }>;

function partition(world: EngineWorld, strike: Strike<'partition'>, later: Later): void {
  const cuts = drawCuts(strike.shape, world.nodes, world.leader(), streamOf(strike.seed, 'cuts'));
  if (cuts.length === 0) return;
  const { coverage } = world.judge;
  coverage.hit('partition');
  if (isOneWay(cuts)) coverage.hit('one-way-cut');
  for (const [from, to] of cuts) world.links.cut(from, to);
  later(strike.lastsMs, () => cuts.forEach(([from, to]) => world.links.heal(from, to)));
}

function crash(world: EngineWorld, strike: Strike<'crash'>, later: Later): void {
  const process = victimOf(world, strike.node);
  if (process === undefined) return;
  const { node, lifeline } = process;
  if (strike.effects === undefined || process.isPaused) {
    world.crash(node, strike.silent);
    damageStore(world, node, strike.store);
  } else {
    world.judge.coverage.hit('crash-at-effect');
    lifeline?.dieAfter(strike.effects);
  }
  later(strike.downMs, () => {
    if (process.lifeline === lifeline) world.crash(node, strike.silent);
    world.boot(node);
  });
}

function usurp(world: EngineWorld, node: NodeId): void {
  const process = world.process(node);
  const ballot = process.replica?.view().promised;
  if (ballot === undefined || ballot.round === 0 || ballot.node === node) return;
  world.judge.coverage.hit('usurp');
  const frame = encodePeerFrame([{ kind: 'transfer', ballot }], crc32);
  process.hand((handlers) => handlers.onFrame(ballot.node, 'control', frame));
}

function damageStore(world: EngineWorld, node: NodeId, store: StoreTrouble | undefined): void {
  if (store === undefined || world.stage.strike === undefined) return;
  world.hit(`store-${store}`);
  if (store === 'foreign-write') world.tampered.add(node);
  world.stage.strike(node, store, streamOf(world.seed, `store/${node}/${world.scheduler.events}`));
}

/** Like a service manager: asks, waits, kills, starts again. Goes through with it even when the chaos ends meanwhile. */
function stop(world: EngineWorld, strike: Strike<'stop'>): void {
  const process = victimOf(world, strike.node);
  if (process === undefined || process.isPaused || process.engine === undefined) return;
  const { scheduler } = world;
  const { node, lifeline } = process;
  const end = (isGraceful: boolean): void => {
    if (process.lifeline !== lifeline) return;
    if (isGraceful) world.hit('graceful-stop');
    process.halt();
    world.crash(node, false);
    scheduler.after(strike.downMs, () => world.boot(node));
  };
  process.stop(() => scheduler.after(0, () => end(true)));
  scheduler.after(strike.graceMs, () => end(false));
}
