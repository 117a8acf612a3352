/**
 * Which nodes can talk to which, as one number: bit i says whether the i-th link is whole.
 *
 * Links are numbered pair by pair, 1-2, 1-3, ... 4-5, and in a one-way graph each pair is two links, there and back.
 * So all undirected graphs of five nodes are the numbers 0 to 1,023, and all one-way graphs those below 2^20.
 */
import { asNodeId, type NodeId } from '@quorate/core/protocol';
import type { Cut } from '../../world/partitions.ts';

export type LinkGraph = {
  readonly nodeCount: number;
  readonly kind: 'undirected' | 'one-way';
  /** The whole links, one bit each. */
  readonly bits: number;
};

/** How many graphs of this kind there are. */
export function graphCount(nodeCount: number, kind: LinkGraph['kind']): number {
  const pairs = (nodeCount * (nodeCount - 1)) / 2;
  return 2 ** (kind === 'undirected' ? pairs : pairs * 2);
}

export function nodesOf({ nodeCount }: LinkGraph): NodeId[] {
  return Array.from({ length: nodeCount }, (_, index) => asNodeId(index + 1));
}

/** True when what `from` sends reaches `to`. */
export function carries(graph: LinkGraph, from: NodeId, to: NodeId): boolean {
  return (graph.bits & (1 << linkNumber(graph, from, to))) !== 0;
}

/** Every directed link that is cut. */
export function cutsOf(graph: LinkGraph): Cut[] {
  const nodes = nodesOf(graph);
  return nodes.flatMap((from) =>
    nodes.flatMap((to): Cut[] => (from !== to && !carries(graph, from, to) ? [[from, to]] : [])),
  );
}

/** How many nodes this one reaches in both directions, itself included. */
export function reach(graph: LinkGraph, node: NodeId): number {
  return nodesOf(graph).filter(
    (other) => other === node || (carries(graph, node, other) && carries(graph, other, node)),
  ).length;
}

/** Nodes that reach a majority directly: each of them can lead, and nobody else can. */
export function quorumConnected(graph: LinkGraph): NodeId[] {
  const majority = Math.floor(graph.nodeCount / 2) + 1;
  return nodesOf(graph).filter((node) => reach(graph, node) >= majority);
}

/** For people: `1-2 1>3`, or `no links`. */
export function describeGraph(graph: LinkGraph): string {
  const links: string[] = [];
  for (const one of nodesOf(graph)) {
    for (const other of nodesOf(graph)) {
      if (one >= other) continue;
      const [there, back] = [carries(graph, one, other), carries(graph, other, one)];
      if (there && back) links.push(`${one}-${other}`);
      else if (there) links.push(`${one}>${other}`);
      else if (back) links.push(`${other}>${one}`);
    }
  }
  return links.length === 0 ? 'no links' : links.join(' ');
}

function linkNumber({ nodeCount, kind }: LinkGraph, from: NodeId, to: NodeId): number {
  const [low, high] = from < to ? [from, to] : [to, from];
  // Pairs before those of `low`, then those of `low` itself.
  const pair = ((low - 1) * (2 * nodeCount - low)) / 2 + (high - low - 1);
  return kind === 'undirected' ? pair : pair * 2 + (from < to ? 0 : 1);
}
