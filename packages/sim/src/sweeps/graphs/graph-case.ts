/**
 * One case of the graph sweep and its name, which is what a replay line carries: `5-3a7-leader2-stale4-silent`.
 */
import { asNodeId, type NodeId, type Random } from '@quorate/core/protocol';
import { carries, graphCount, type LinkGraph, nodesOf, quorumConnected, reach } from './link-graph.ts';

/**
 * 'silent': frames vanish and nobody is told, as when a switch drops packets; the time-outs of the protocol are all
 * there is. 'noticed': both ends of a broken link hear of it soon, as when a connection is reset.
 */
export type Detection = 'silent' | 'noticed';

export type GraphCase = {
  readonly graph: LinkGraph;
  /** Who leads when the links break. */
  readonly leader: NodeId;
  /** Was away before and missed entries; undefined: nobody. */
  readonly stale: NodeId | undefined;
  readonly detection: Detection;
};

export function caseName({ graph, leader, stale, detection }: GraphCase): string {
  const bits = `${graph.kind === 'one-way' ? 'w' : ''}${graph.bits.toString(16)}`;
  return `${graph.nodeCount}-${bits}-leader${leader}-${stale === undefined ? 'fresh' : `stale${stale}`}-${detection}`;
}

/** Undefined when this is not the name of a case. */
export function parseCase(name: string): GraphCase | undefined {
  const match = /^([3-5])-(w?)([0-9a-f]{1,5})-leader([1-5])-(?:fresh|stale([1-5]))-(silent|noticed)$/.exec(
    name,
  );
  if (match === null) return undefined;
  const [, count, oneWay, bits = '', leader, stale, detection] = match;
  const graph: LinkGraph = {
    nodeCount: Number(count),
    kind: oneWay === 'w' ? 'one-way' : 'undirected',
    bits: Number.parseInt(bits, 16),
  };
  const isInside =
    graph.bits < graphCount(graph.nodeCount, graph.kind) &&
    Number(leader) <= graph.nodeCount &&
    Number(stale ?? 1) <= graph.nodeCount &&
    stale !== leader;
  if (!isInside) return undefined;
  return {
    graph,
    leader: asNodeId(Number(leader)),
    stale: stale === undefined ? undefined : asNodeId(Number(stale)),
    detection: detection === 'noticed' ? 'noticed' : 'silent',
  };
}

/** Every undirected graph of this many nodes x every leader x nobody or the hub stale. */
export function* undirectedCases(nodeCount: number, detection: Detection): Generator<GraphCase> {
  for (let bits = 0; bits < graphCount(nodeCount, 'undirected'); bits++) {
    const graph: LinkGraph = { nodeCount, kind: 'undirected', bits };
    for (const leader of nodesOf(graph)) {
      yield { graph, leader, stale: undefined, detection };
      yield { graph, leader, stale: hubOf(graph, leader), detection };
    }
  }
}

/** One-way graphs of five nodes as the generator gives them: mostly dense, since sparse ones have no quorum. */
export function drawOneWayCase(random: Random): GraphCase {
  const density = random.pick([0.5, 0.7, 0.85]);
  let bits = 0;
  for (let link = 0; link < 20; link++) if (random.chance(density)) bits |= 1 << link;
  const graph: LinkGraph = { nodeCount: 5, kind: 'one-way', bits };
  const leader = random.pick(nodesOf(graph));
  return {
    graph,
    leader,
    stale: random.chance(0.5) ? hubOf(graph, leader) : undefined,
    detection: random.chance(0.7) ? 'silent' : 'noticed',
  };
}

/**
 * The node on which a recovery would rest: of those that can lead, the one with the most links to others that do not
 * lead now. With nobody else to lead, the best connected of the rest.
 */
export function hubOf(graph: LinkGraph, leader: NodeId): NodeId {
  const able = new Set(quorumConnected(graph));
  const weight = (node: NodeId): number => {
    const mutualWithLeader = carries(graph, node, leader) && carries(graph, leader, node);
    return (able.has(node) ? 100 : 0) + reach(graph, node) * 2 - (mutualWithLeader ? 1 : 0);
  };
  const others = nodesOf(graph).filter((node) => node !== leader);
  return others.reduce((best, node) => (weight(node) > weight(best) ? node : best));
}
