/**
 * What is done to the network: partitions of every shape, links that flap, connections that are reset (also in the
 * middle of a frame), and links that are slow. Each script heals what it did, in one of the two ways in which a
 * network heals: what was held arrives late, or the connections are gone.
 */
import type { Slowness } from '../network/direction.ts';
import { type Flow, nodeSite, type Site } from '../network/network.ts';
import { type Partition, SHAPES, sitesOf } from './partitions.ts';
import { type Done, hold, leaderOrAny, type Rig, type WeightedFault } from './rig.ts';

export const NETWORK_FAULTS: readonly WeightedFault[] = [
  ...SHAPES.map((shape) => ({
    name: shape.name,
    weight: 2,
    script: async (rig: Rig): Promise<Done | undefined> => {
      if (rig.cluster.nodes.length < shape.minNodes) return undefined;
      return partition(rig, shape.cut(await sites(rig), rig.random));
    },
  })),
  { name: 'flapping link', weight: 3, script: flap },
  { name: 'reset links of a node', weight: 3, script: resetNode },
  { name: 'reset everything', weight: 1, script: resetEverything },
  { name: 'reset in the middle of a frame', weight: 5, script: tear },
  { name: 'slow node', weight: 3, script: slowNode },
  { name: 'slow network', weight: 2, script: slowNetwork },
];

async function sites(rig: Rig): Promise<ReturnType<typeof sitesOf>> {
  return sitesOf(rig.cluster.nodes, rig.network.clients, await leaderOrAny(rig));
}

async function partition(rig: Rig, { what, flows }: Partition): Promise<Done> {
  const met = meter(rig, flows);
  for (const flow of flows) rig.network.hold(flow);
  await hold(rig, 300, 4000);
  const isReset = rig.random.chance(0.5);
  if (isReset) for (const { from, to } of flows) rig.network.reset(from, to);
  for (const flow of flows) rig.network.release(flow);
  return { what: `${what}${isReset ? ', connections reset' : ''}`, fired: met() };
}

async function flap(rig: Rig): Promise<Done> {
  const { random, network } = rig;
  const { flows, what } = random.pick(SHAPES.slice(0, 2)).cut(await sites(rig), random);
  const met = meter(rig, flows);
  const times = random.between(3, 10);
  for (let time = 0; time < times && !rig.over.aborted; time++) {
    for (const flow of flows) network.hold(flow);
    await hold(rig, 20, 400);
    for (const flow of flows) network.release(flow);
    await hold(rig, 20, 300);
  }
  return { what: `${what}, and back, ${times} times`, fired: met() };
}

async function resetNode(rig: Rig): Promise<Done> {
  const site = await someSite(rig);
  let count = 0;
  for (const other of others(rig, site)) count += rig.network.reset(site, other);
  return { what: `${count} connections of ${site} reset`, fired: count > 0 };
}

function resetEverything(rig: Rig): Promise<Done> {
  let count = 0;
  for (const [one, other] of pairs(rig)) count += rig.network.reset(one, other);
  return Promise.resolve({ what: `all ${count} connections reset`, fired: count > 0 });
}

async function tear(rig: Rig): Promise<Done> {
  const { network, random } = rig;
  const site = await someSite(rig);
  let count = 0;
  for (const other of others(rig, site)) {
    const flow = random.chance(0.5) ? { from: site, to: other } : { from: other, to: site };
    count += network.tear(flow, () => random.fraction());
  }
  // The pieces that tear are the next ones that pass.
  await hold(rig, 100, 300);
  return { what: `${count} connections of ${site} reset in the middle of a frame`, fired: count > 0 };
}

async function slowNode(rig: Rig): Promise<Done> {
  const site = await someSite(rig);
  const flows = others(rig, site).flatMap((other): Flow[] => [
    { from: site, to: other },
    { from: other, to: site },
  ]);
  return slow(rig, flows, `everything to and from ${site}`);
}

function slowNetwork(rig: Rig): Promise<Done> {
  const flows = pairs(rig).flatMap(([one, other]): Flow[] => [
    { from: one, to: other },
    { from: other, to: one },
  ]);
  return slow(rig, flows, 'the whole network', {
    latencyMs: rig.random.between(2, 30),
    jitterMs: 20,
    bytesPerSecond: Number.POSITIVE_INFINITY,
  });
}

async function slow(rig: Rig, flows: readonly Flow[], what: string, given?: Slowness): Promise<Done> {
  const { random, network } = rig;
  const slowness = given ?? {
    latencyMs: random.between(0, 150),
    jitterMs: random.between(0, 50),
    bytesPerSecond: random.chance(0.5) ? random.between(10_000, 200_000) : Number.POSITIVE_INFINITY,
  };
  const met = meter(rig, flows);
  for (const flow of flows) network.slowDown(flow, slowness);
  await hold(rig, 500, 4000);
  for (const flow of flows) network.fullSpeed(flow);
  const { latencyMs, jitterMs, bytesPerSecond } = slowness;
  const throttle = bytesPerSecond === Number.POSITIVE_INFINITY ? '' : ` and ${bytesPerSecond} bytes/s`;
  return { what: `${what} slowed by ${latencyMs} to ${latencyMs + jitterMs} ms${throttle}`, fired: met() };
}

/** Tells afterwards whether anything ran into the fault. */
function meter({ network }: Rig, flows: readonly Flow[]): () => boolean {
  const total = (): number => flows.reduce((sum, flow) => sum + network.affectedPieces(flow), 0);
  const before = total();
  return () => total() > before;
}

async function someSite(rig: Rig): Promise<Site> {
  return nodeSite(rig.random.chance(0.5) ? await leaderOrAny(rig) : rig.random.pick(rig.cluster.nodes));
}

/** Everybody with a link to this node. */
function others({ network }: Rig, node: Site): Site[] {
  return [...network.nodes.filter((other) => other !== node), ...network.clients];
}

function pairs({ network }: Rig): [Site, Site][] {
  return network.nodes.flatMap((one, index) =>
    [...network.nodes.slice(index + 1), ...network.clients].map((other): [Site, Site] => [one, other]),
  );
}
