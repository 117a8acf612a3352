/**
 * Shapes of broken networks: which directed links are cut, for a given shape, drawn from a stream.
 *
 * Whole and partial partitions, also those with links in one direction only; the latter are what takes real
 * clusters down. Ref: Alquraan et al., OSDI 2018, for how common they are; Omni-Paxos, EuroSys 2023, for hub and chain.
 */
import type { NodeId, Random } from '@quorate/core/protocol';

export const SHAPES = [
  'isolate-one',
  'isolate-leader',
  'halves',
  'ring-of-majorities',
  'hub',
  'chain',
  'one-way',
  'deaf',
  'mute',
  'random-graph',
  'one-link',
] as const;

export type Shape = (typeof SHAPES)[number];

/** A directed link that does not carry anything. */
export type Cut = readonly [from: NodeId, to: NodeId];

export function drawCuts(
  shape: Shape,
  nodes: readonly NodeId[],
  leader: NodeId | undefined,
  random: Random,
): Cut[] {
  const order = random.shuffle(nodes);
  const first = order[0] as NodeId;
  switch (shape) {
    case 'isolate-one':
      return cutsWhere(nodes, (from, to) => from === first || to === first);
    case 'isolate-leader': {
      const lonely = leader ?? first;
      return cutsWhere(nodes, (from, to) => from === lonely || to === lonely);
    }
    case 'halves': {
      const side = new Set(order.slice(0, random.between(1, Math.max(1, nodes.length - 1))));
      return cutsWhere(nodes, (from, to) => side.has(from) !== side.has(to));
    }
    case 'ring-of-majorities':
      // Each node reaches just enough neighbours on both sides to see a majority, everybody another one.
      return cutsWhere(
        nodes,
        (from, to) => ringDistance(order, from, to) > Math.ceil(Math.floor(nodes.length / 2) / 2),
      );
    case 'hub':
      return cutsWhere(nodes, (from, to) => from !== first && to !== first);
    case 'chain':
      return cutsWhere(nodes, (from, to) => Math.abs(order.indexOf(from) - order.indexOf(to)) > 1);
    case 'one-way':
      return cutsWhere(nodes, () => random.chance(0.25));
    case 'deaf':
      return cutsWhere(nodes, (_from, to) => to === first);
    case 'mute':
      return cutsWhere(nodes, (from) => from === first);
    case 'random-graph':
      return symmetric(nodes, () => random.chance(0.4));
    case 'one-link':
      return cutsWhere(
        nodes,
        (from, to) => (from === first && to === order[1]) || (from === order[1] && to === first),
      );
    default:
      return shape satisfies never;
  }
}

export function isOneWay(cuts: readonly Cut[]): boolean {
  return cuts.some(([from, to]) => !cuts.some((other) => other[0] === to && other[1] === from));
}

function cutsWhere(nodes: readonly NodeId[], isCut: (from: NodeId, to: NodeId) => boolean): Cut[] {
  const cuts: Cut[] = [];
  for (const from of nodes) for (const to of nodes) if (from !== to && isCut(from, to)) cuts.push([from, to]);
  return cuts;
}

function symmetric(nodes: readonly NodeId[], isCut: () => boolean): Cut[] {
  const cuts: Cut[] = [];
  for (const from of nodes)
    for (const to of nodes) if (from < to && isCut()) cuts.push([from, to], [to, from]);
  return cuts;
}

function ringDistance(order: readonly NodeId[], one: NodeId, other: NodeId): number {
  const apart = Math.abs(order.indexOf(one) - order.indexOf(other));
  return Math.min(apart, order.length - apart);
}
