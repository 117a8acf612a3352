/**
 * What is done to processes: killed, stopped and continued, restarted politely, given a wrong clock or a full disk.
 * Each script has the node to itself and gives it back running.
 */
import { nodeSite } from '../network/network.ts';
import { type Done, hold, leaderOrAny, type Rig, type WeightedFault } from './rig.ts';

/** A process with a full disk must have said so and ended by then. */
const DISK_FULL_END_MS = 10_000;
/** Of a tenth of a second each. */
const MAX_ELECTION_WAITS = 40;
const HOUR_MS = 3_600_000;

export const PROCESS_FAULTS: readonly WeightedFault[] = [
  { name: 'kill leader', weight: 4, script: (rig) => killLeader(rig) },
  { name: 'kill node', weight: 3, script: (rig) => killSome(rig, 1) },
  {
    name: 'kill minority',
    weight: 2,
    script: (rig) => killSome(rig, rig.cluster.nodes.length - rig.cluster.quorum),
  },
  { name: 'kill all', weight: 1, script: killAll },
  { name: 'kill twice', weight: 1, script: killTwice },
  { name: 'pause leader', weight: 3, script: async (rig) => pause(rig, [await leaderOrAny(rig)], 100, 5000) },
  {
    name: 'pause node',
    weight: 2,
    script: (rig) => pause(rig, [rig.random.pick(rig.cluster.nodes)], 100, 5000),
  },
  { name: 'leader asleep behind a cut', weight: 3, script: sleepBehindCut },
  { name: 'pause majority', weight: 1, script: pauseMajority },
  { name: 'restart politely', weight: 2, script: restartPolitely },
  { name: 'move clock', weight: 3, script: moveClock },
  { name: 'fill disk', weight: 2, script: fillDisk },
];

async function killLeader(rig: Rig): Promise<Done | undefined> {
  const leader = await rig.cluster.leader();
  return leader === undefined ? undefined : kill(rig, [leader], `leader ${leader} killed`);
}

async function killSome(rig: Rig, count: number): Promise<Done | undefined> {
  const nodes = rig.random.shuffle(rig.cluster.nodes).slice(0, count);
  return kill(rig, nodes, `${names(nodes)} killed`);
}

async function killAll(rig: Rig): Promise<Done | undefined> {
  const { cluster } = rig;
  await Promise.all(cluster.nodes.map((node) => cluster.kill(node)));
  await hold(rig, 0, 500);
  for (const node of rig.random.shuffle(cluster.nodes)) cluster.start(node);
  return { what: 'all nodes killed at once', fired: true };
}

/** Again while it is still coming back. */
async function killTwice(rig: Rig): Promise<Done | undefined> {
  const { cluster, random } = rig;
  const node = random.pick(cluster.nodes);
  await cluster.kill(node);
  cluster.start(node);
  await hold(rig, 50, 700);
  await cluster.kill(node);
  await hold(rig, 0, 1000);
  cluster.start(node);
  return { what: `node ${node} killed, and again at its start`, fired: true };
}

async function kill(rig: Rig, nodes: readonly number[], what: string): Promise<Done> {
  const { cluster } = rig;
  await Promise.all(nodes.map((node) => cluster.kill(node)));
  await hold(rig, 100, 3000);
  for (const node of nodes) cluster.start(node);
  return { what, fired: true };
}

async function pause(rig: Rig, nodes: readonly number[], minMs: number, maxMs: number): Promise<Done> {
  const { cluster } = rig;
  for (const node of nodes) cluster.pause(node);
  await hold(rig, minMs, maxMs);
  for (const node of nodes) cluster.resume(node);
  return { what: `${names(nodes)} paused`, fired: true };
}

/**
 * The leader stops, the others elect another one, and it wakes up cut off from them: for a while it has every reason
 * to believe that it still leads, and clients that reach it ask it. Only a quorum round keeps it from old answers.
 */
async function sleepBehindCut(rig: Rig): Promise<Done | undefined> {
  const { cluster, network } = rig;
  const leader = await cluster.leader();
  if (leader === undefined) return undefined;
  const site = nodeSite(leader);
  const flows = network.nodes
    .filter((other) => other !== site)
    .flatMap((other) => [
      { from: site, to: other },
      { from: other, to: site },
    ]);
  cluster.pause(leader);
  for (const flow of flows) network.hold(flow);
  await holdUntilElected(rig, leader);
  cluster.resume(leader);
  await hold(rig, 300, 1500);
  for (const flow of flows) network.release(flow);
  return { what: `leader ${leader} paused, and woken up while cut off from its peers`, fired: true };
}

/** Until another node leads, and a little longer so that it has something to lead; bounded. */
async function holdUntilElected(rig: Rig, old: number): Promise<void> {
  for (let waits = 0; waits < MAX_ELECTION_WAITS && !rig.over.aborted; waits++) {
    await hold(rig, 100, 100);
    const leader = await rig.cluster.leader();
    if (leader !== undefined && leader !== old) break;
  }
  await hold(rig, 100, 600);
}

function pauseMajority(rig: Rig): Promise<Done> {
  return pause(rig, rig.random.shuffle(rig.cluster.nodes).slice(0, rig.cluster.quorum), 100, 1200);
}

async function restartPolitely(rig: Rig): Promise<Done> {
  const { cluster, random } = rig;
  const node = random.chance(0.5) ? await leaderOrAny(rig) : random.pick(cluster.nodes);
  const inTime = await cluster.terminate(node);
  await hold(rig, 0, 500);
  cluster.start(node);
  return {
    what: `node ${node} restarted politely${inTime ? '' : ', and killed because it would not end'}`,
    fired: true,
  };
}

/** Stays wrong: the next move, or none, is what heals it. */
async function moveClock(rig: Rig): Promise<Done> {
  const { cluster, random } = rig;
  const node = random.chance(0.5) ? await leaderOrAny(rig) : random.pick(cluster.nodes);
  const offsetMs = random.pick([-HOUR_MS, HOUR_MS, -5000, 5000, -200, 200, 0]);
  cluster.setClockOffset(node, offsetMs);
  await hold(rig, 300, 600);
  return { what: `wall clock of node ${node} moved to ${offsetMs} ms`, fired: offsetMs !== 0 };
}

async function fillDisk(rig: Rig): Promise<Done | undefined> {
  const { cluster, smallDisk } = rig;
  if (smallDisk === undefined) return undefined;
  const { node, disk } = smallDisk;
  disk.fill();
  const exit = await cluster.endsByItself(node, DISK_FULL_END_MS);
  await hold(rig, 0, 1000);
  disk.empty();
  if (exit === undefined) return { what: `disk of node ${node} filled, and nobody noticed`, fired: false };
  cluster.start(node);
  return { what: `disk of node ${node} filled, and it ended with status ${exit.code}`, fired: true };
}

function names(nodes: readonly number[]): string {
  return nodes.length === 1 ? `node ${nodes[0]}` : `nodes ${nodes.join(' and ')}`;
}
