/**
 * Shapes of partitions: given the sites and the leader, which flows are cut. Pure, so that tests can look at them.
 *
 * Clients are sites too: where a cluster falls into halves, each half keeps some of them, and those in the minority
 * must see refusals, never old answers.
 */
import type { Random } from '@quorate/core/protocol';
import { type Flow, nodeSite, type Site } from '../network/network.ts';

export type Sites = {
  readonly nodes: readonly Site[];
  readonly clients: readonly Site[];
  readonly leader: Site;
};
export type Partition = { readonly what: string; readonly flows: readonly Flow[] };
export type Shape = {
  readonly name: string;
  readonly minNodes: number;
  cut(sites: Sites, random: Random): Partition;
};

export const SHAPES: readonly Shape[] = [
  { name: 'leader alone', minNodes: 2, cut: (sites) => alone(sites, sites.leader, 'leader') },
  { name: 'one alone', minNodes: 2, cut: (sites, random) => alone(sites, random.pick(sites.nodes), 'node') },
  { name: 'halves', minNodes: 3, cut: halves },
  { name: 'leader mute', minNodes: 2, cut: (sites) => oneWay(sites, sites.leader, 'out') },
  { name: 'leader deaf', minNodes: 2, cut: (sites) => oneWay(sites, sites.leader, 'in') },
  { name: 'one mute', minNodes: 2, cut: (sites, random) => oneWay(sites, random.pick(sites.nodes), 'out') },
  { name: 'one deaf', minNodes: 2, cut: (sites, random) => oneWay(sites, random.pick(sites.nodes), 'in') },
  { name: 'pair', minNodes: 3, cut: pair },
  { name: 'hub', minNodes: 3, cut: hub },
  { name: 'chain', minNodes: 3, cut: chain },
  { name: 'ring', minNodes: 4, cut: ring },
  { name: 'clients without leader', minNodes: 2, cut: clientsWithoutLeader },
  { name: 'clients with one node', minNodes: 2, cut: clientsWithOneNode },
];

/** Both directions between every two sites for which the predicate does not hold. */
function cutUnless(sites: readonly Site[], mayTalk: (one: Site, other: Site) => boolean): Flow[] {
  return sites.flatMap((one, index) =>
    sites.slice(index + 1).flatMap((other) => (mayTalk(one, other) ? [] : both(one, other))),
  );
}

function both(one: Site, other: Site): Flow[] {
  return [
    { from: one, to: other },
    { from: other, to: one },
  ];
}

function alone({ nodes }: Sites, lonely: Site, what: string): Partition {
  const others = nodes.filter((node) => node !== lonely);
  return { what: `${what} ${lonely} isolated`, flows: others.flatMap((other) => both(lonely, other)) };
}

/** The leader is in the smaller part half of the time. One group of clients on each side. */
function halves({ nodes, clients, leader }: Sites, random: Random): Partition {
  const rest = random.shuffle(nodes.filter((node) => node !== leader));
  const order = random.chance(0.5) ? [leader, ...rest] : [...rest, leader];
  const small = new Set<Site>(order.slice(0, Math.floor((nodes.length - 1) / 2)));
  for (const client of clients.slice(0, Math.floor(clients.length / 2))) small.add(client);
  const isSmall = (site: Site): boolean => small.has(site);
  const sites = [...nodes, ...clients];
  const flows = cutUnless(sites, (one, other) => isSmall(one) === isSmall(other) || isClientPair(one, other));
  return { what: `cut between ${[...small].join(' ')} and the rest`, flows };
}

function oneWay({ nodes }: Sites, site: Site, which: 'out' | 'in'): Partition {
  const others = nodes.filter((node) => node !== site);
  const flows = others.map(
    (other): Flow => (which === 'out' ? { from: site, to: other } : { from: other, to: site }),
  );
  return {
    what: `${site} ${which === 'out' ? 'hears its peers but is not heard' : 'is heard but hears no peer'}`,
    flows,
  };
}

function pair({ nodes, leader }: Sites, random: Random): Partition {
  const other = random.pick(nodes.filter((node) => node !== leader));
  return { what: `cut between leader ${leader} and ${other} only`, flows: both(leader, other) };
}

/** Quorum loss: only one node, not the leader, still reaches a majority. */
function hub({ nodes, leader }: Sites, random: Random): Partition {
  const center = random.pick(nodes.filter((node) => node !== leader));
  const flows = cutUnless(nodes, (one, other) => one === center || other === center);
  return { what: `all links cut but those of ${center}`, flows };
}

function chain({ nodes }: Sites, random: Random): Partition {
  const order = random.shuffle(nodes);
  const distance = (one: Site, other: Site): number => Math.abs(order.indexOf(one) - order.indexOf(other));
  return {
    what: `chain ${order.join('-')}`,
    flows: cutUnless(nodes, (one, other) => distance(one, other) === 1),
  };
}

function ring({ nodes }: Sites, random: Random): Partition {
  const order = random.shuffle(nodes);
  const isNeighbour = (one: Site, other: Site): boolean => {
    const distance = Math.abs(order.indexOf(one) - order.indexOf(other));
    return distance === 1 || distance === order.length - 1;
  };
  return { what: `ring ${order.join('-')}`, flows: cutUnless(nodes, isNeighbour) };
}

function clientsWithoutLeader({ clients, leader }: Sites, random: Random): Partition {
  const client = random.pick(clients);
  return { what: `clients ${client} cut from leader ${leader}`, flows: both(client, leader) };
}

function clientsWithOneNode({ nodes, clients }: Sites, random: Random): Partition {
  const client = random.pick(clients);
  const kept = random.pick(nodes);
  const flows = nodes.filter((node) => node !== kept).flatMap((node) => both(client, node));
  return { what: `clients ${client} reach ${kept} only`, flows };
}

function isClientPair(one: Site, other: Site): boolean {
  return one.startsWith('c') && other.startsWith('c');
}

export function sitesOf(nodes: readonly number[], clients: readonly Site[], leader: number): Sites {
  return { nodes: nodes.map(nodeSite), clients, leader: nodeSite(leader) };
}
