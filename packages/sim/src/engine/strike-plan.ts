/**
 * When which fault strikes a cluster of engines: drawn before the run, plain data. Whom a fault hits is decided here as
 * well, except where it says "the leader".
 */
import { type NodeId, type Random, streamOf } from '@quorate/core/protocol';
import { SHAPES, type Shape } from '../world/partitions.ts';
import type { EngineProfile } from './profile.ts';
import type { StoreTrouble } from './stage.ts';

export type Victim = NodeId | 'leader';

export type EngineStrike = { readonly atMs: number } & (
  | { readonly kind: 'partition'; readonly shape: Shape; readonly lastsMs: number; readonly seed: number }
  | {
      readonly kind: 'crash';
      readonly node: Victim;
      readonly downMs: number;
      readonly silent: boolean;
      /** Effects until then; undefined: at once. */
      readonly effects: number | undefined;
      /** What happens to the store while the process is down. */
      readonly store: StoreTrouble | undefined;
    }
  /** A Transfer from long ago arrives: the node campaigns at once, whoever leads. */
  | { readonly kind: 'usurp'; readonly node: NodeId }
  | { readonly kind: 'power-cut'; readonly downMs: readonly number[] }
  | {
      readonly kind: 'pause';
      readonly node: Victim;
      readonly lastsMs: number;
      readonly freezesClock: boolean;
    }
  | { readonly kind: 'stop'; readonly node: Victim; readonly graceMs: number; readonly downMs: number }
  | { readonly kind: 'wall-jump'; readonly node: Victim; readonly byMs: number }
  | {
      readonly kind: 'wall';
      readonly client: number;
      readonly nodes: readonly NodeId[];
      readonly lastsMs: number;
    }
  /** The store's server is restarted, or somebody writes into it, while the process uses it. */
  | { readonly kind: 'store'; readonly node: NodeId; readonly trouble: StoreTrouble }
);

const HOUR_MS = 3_600_000;

export function drawStrikes(seed: number, profile: EngineProfile, nodes: readonly NodeId[]): EngineStrike[] {
  const plan: EngineStrike[] = [];
  const { base, every } = profile;
  const timeoutMs = base.limits.electionTimeoutMs;
  const strikes = (
    meanMs: number,
    name: string,
    draw: (atMs: number, random: Random) => EngineStrike,
  ): void => {
    if (meanMs === 0) return;
    const random = streamOf(seed, `strikes/${name}`);
    let atMs = meanMs * random.fraction();
    for (; atMs < base.chaosMs; atMs += meanMs * (0.3 + 1.4 * random.fraction()))
      plan.push(draw(atMs, random));
  };
  const victim = (random: Random): Victim => (random.chance(0.4) ? 'leader' : random.pick(nodes));
  const some = (random: Random, timeouts: readonly number[]): number =>
    timeoutMs * random.pick(timeouts) * (0.5 + random.fraction());
  strikes(base.every.partitionMs, 'partition', (atMs, random) => ({
    atMs,
    kind: 'partition',
    shape: random.pick(SHAPES),
    lastsMs: some(random, [0.3, 2, 6]),
    seed: random.uint32(),
  }));
  strikes(base.every.crashMs, 'crash', (atMs, random) => ({
    atMs,
    kind: 'crash',
    node: victim(random),
    downMs: some(random, [0.01, 0.2, 2]),
    silent: random.chance(0.3),
    effects: random.chance(0.5) ? random.below(40) : undefined,
    store: undefined,
  }));
  strikes(every.storeMs, 'store', (atMs, random) => ({
    atMs,
    kind: 'crash',
    node: random.pick(nodes),
    downMs: some(random, [0.01, 0.5]),
    silent: false,
    effects: undefined,
    store: random.pick(['emptied', 'older-image', 'older-image'] as const),
  }));
  strikes(every.storeMs, 'store-alive', (atMs, random) => ({
    atMs,
    kind: 'store',
    node: random.pick(nodes),
    trouble: random.pick(['emptied', 'older-image', 'older-image'] as const),
  }));
  strikes(base.every.powerCutMs, 'power-cut', (atMs, random) => ({
    atMs,
    kind: 'power-cut',
    downMs: nodes.map(() => timeoutMs * (0.1 + random.fraction() * random.pick([0.1, 3]))),
  }));
  strikes(base.every.usurpMs, 'usurp', (atMs, random) => ({ atMs, kind: 'usurp', node: random.pick(nodes) }));
  strikes(base.every.pauseMs, 'pause', (atMs, random) => ({
    atMs,
    kind: 'pause',
    node: victim(random),
    lastsMs: some(random, [0.3, 1.5, 5]),
    freezesClock: random.chance(0.3),
  }));
  strikes(every.stopMs, 'stop', (atMs, random) => ({
    atMs,
    kind: 'stop',
    node: victim(random),
    graceMs: some(random, [0.5, 4]),
    downMs: some(random, [0.01, 1]),
  }));
  strikes(every.wallJumpMs, 'wall-jump', (atMs, random) => ({
    atMs,
    kind: 'wall-jump',
    node: victim(random),
    byMs: Math.floor(random.pick([timeoutMs, 60_000, HOUR_MS, 5 * HOUR_MS]) * (2 * random.fraction() - 1)),
  }));
  strikes(every.wallMs, 'wall', (atMs, random) => ({
    atMs,
    kind: 'wall',
    client: random.between(1, profile.clients.count),
    nodes: random.shuffle(nodes).slice(0, random.between(1, nodes.length)),
    lastsMs: some(random, [0.5, 3]),
  }));
  plan.push(...foreignWrite(seed, profile, nodes));
  return plan.sort((left, right) => left.atMs - right.atMs);
}

/** At most once in a run, and only where the others are a quorum: the store's node serves nothing afterwards. */
function foreignWrite(
  seed: number,
  { base, every }: EngineProfile,
  nodes: readonly NodeId[],
): EngineStrike[] {
  const random = streamOf(seed, 'strikes/foreign-write');
  if (every.storeMs === 0 || nodes.length < 3 || !random.chance(0.5)) return [];
  return [
    {
      atMs: base.chaosMs * random.fraction(),
      kind: 'store',
      node: random.pick(nodes),
      trouble: 'foreign-write',
    },
  ];
}
