/**
 * The second phase of a run: faults stop, everybody runs, or only a quorum, and the cluster must become useful again
 * within a bound: somebody leads, every client gets a definite answer to a write and a read, and all backends that are
 * not fenced hold the same state.
 *
 * Owns CORE-CONVERGE and NO-LIVELOCK of this depth, and the last comparison of what the backends hold.
 */
import { type NodeId, type Random, streamOf } from '@quorate/core/protocol';
import type { PropertyName } from '../sim-event.ts';
import type { EngineWorld } from './engine-world.ts';
import type { Operation, Request } from './operation.ts';
import type { SimClient } from './sim-client.ts';

/** Election time-outs within which somebody leads. */
const LEADER_WITHIN_TIMEOUTS = 10;
/** After that, leadership may change this often while the cluster is watched. */
const MAX_LEADER_CHANGES = 2;
const STABLE_TIMEOUTS = 6;
/** Draws in search of a read or a write that every client can ask for at the end. */
const MARKER_TRIES = 1000;

export type EngineHealReport = {
  readonly leaderAfterTimeouts: number;
  readonly convergedAfterTimeouts: number;
};

/** Lets events happen until the condition holds or the time is there. Resolves to whether it holds. */
export type RunUntil = (untilMs: number, isDone: () => boolean) => Promise<boolean>;

export async function healEngines(
  world: EngineWorld,
  clients: readonly SimClient[],
  runUntil: RunUntil,
): Promise<EngineHealReport | undefined> {
  world.calm();
  const core = drawCore(world);
  for (const node of world.nodes) {
    world.process(node).resume();
    if (core.includes(node)) world.boot(node);
    else world.crash(node, true);
  }
  world.links.healAll();
  const startMs = world.scheduler.nowMs;
  const timeoutMs = world.profile.base.limits.electionTimeoutMs;
  const inTimeouts = (): number => (world.scheduler.nowMs - startMs) / timeoutMs;
  const demand = async (
    property: PropertyName,
    untilMs: number,
    isDone: () => boolean,
    complaint: () => string,
  ) => {
    if (!(await runUntil(untilMs, isDone)) && world.judge.violation === undefined)
      world.report(
        property,
        `${complaint()} (${inTimeouts().toFixed(1)} election time-outs after the last fault)`,
      );
  };

  const leaderBy = startMs + LEADER_WITHIN_TIMEOUTS * timeoutMs + bootMs(world);
  await demand(
    'CORE-CONVERGE',
    leaderBy,
    () => world.leader() !== undefined,
    () => `nobody leads: ${describe(world)}`,
  );
  const leaderAfterTimeouts = inTimeouts();

  const markers = askForMarkers(world, clients);
  await demand(
    'CORE-CONVERGE',
    startMs + convergeMs(world),
    () => clients.every(({ pending }) => pending === 0) && hasConverged(world),
    () => `${pendingOf(clients)}${describe(world)}`,
  );
  for (const request of markers) {
    // A session may have expired by a jump of the wall clock after a first attempt: nobody can tell what that one did.
    const isExcused = request.ending?.kind === 'unknown' && request.lastCode === 'SESSION_EXPIRED';
    if (request.ending?.kind !== 'done' && !isExcused && world.judge.violation === undefined)
      world.report(
        'CORE-CONVERGE',
        `a request of client ${request.client} ended ${request.ending?.kind ?? 'nowhere'} after healing`,
      );
  }
  const convergedAfterTimeouts = inTimeouts();
  await compareDigests(world);
  await watchStability(world, timeoutMs, runUntil);
  if (world.judge.violation !== undefined) return undefined;
  world.judge.coverage.hit(core.length === world.nodes.length ? 'converged' : 'converged-core');
  return { leaderAfterTimeouts, convergedAfterTimeouts };
}

/** All nodes, or a random quorum of them while the machines of the others are gone. */
function drawCore(world: EngineWorld): readonly NodeId[] {
  const { nodes, profile } = world;
  if (!profile.base.healsCoreOnly || nodes.length < 3) return nodes;
  const random = streamOf(world.seed, 'core');
  const size = Math.floor(nodes.length / 2) + 1;
  return random.shuffle(nodes).slice(0, random.between(size, nodes.length - 1));
}

/** Every client asks for something that changes state and for something that reads it, and takes only yes for an answer. */
function askForMarkers(world: EngineWorld, clients: readonly SimClient[]): Request[] {
  const random = streamOf(world.seed, 'markers');
  return clients.flatMap((client) =>
    (['write', 'read'] as const).flatMap((access) => {
      client.insist();
      const operation = drawMarker(world, random, access);
      return operation === undefined ? [] : [client.ask(operation, Number.POSITIVE_INFINITY)];
    }),
  );
}

/** Undefined when the stage has no such command. */
function drawMarker(world: EngineWorld, random: Random, access: Operation['access']): Operation | undefined {
  for (let tries = 0; tries < MARKER_TRIES; tries++) {
    const operation = world.draw(random);
    if (operation?.access === access && !operation.isTooLarge) return operation;
  }
  return undefined;
}

/** A backend whose store only crashed, was away, was emptied or came back older has no reason to be fenced. */
function reportFences(world: EngineWorld): void {
  for (const node of world.alive) {
    const backend = world.process(node).engine?.status().backend;
    if (backend?.state === 'fenced' && !world.tampered.has(node))
      world.report('CORE-CONVERGE', `the backend of node ${node} is fenced: ${backend.detail}`);
  }
}

/** All that run have applied what was learned, with one digest per slot; a fenced backend is excused. */
function hasConverged(world: EngineWorld): boolean {
  reportFences(world);
  const states = world.alive.map((node) => world.process(node).engine?.status());
  const learned = world.judge.ledger.highestLearned;
  return states.every(
    (status) =>
      status !== undefined &&
      status.learnedSlot === learned &&
      (status.backend.state === 'fenced' || status.appliedSlot === learned),
  );
}

function bootMs(world: EngineWorld): number {
  return world.profile.store.delayMs * 2;
}

/** Room for whatever catches up one small page per round trip, and for clients that wait out their time-outs. */
function convergeMs(world: EngineWorld): number {
  const { base, clients, store } = world.profile;
  const { limits, network, disk, turnMs } = base;
  const roundTripMs =
    2 * (network.latencyMs + network.jitterMs) +
    3 * disk.flushMs +
    4 * turnMs +
    store.delayMs * 2 +
    limits.heartbeatMs;
  const slots = world.judge.ledger.slots.size + 20;
  const clientMs = clients.attemptMs * 12 + clients.backoffMs * 20 + clients.latencyMs * 20;
  return (
    limits.electionTimeoutMs * (LEADER_WITHIN_TIMEOUTS + 20) +
    slots * 2 * roundTripMs +
    clientMs +
    bootMs(world)
  );
}

/** What the stores hold in the end, by their own account; outside virtual time. */
async function compareDigests(world: EngineWorld): Promise<void> {
  const digests = new Map<number, { readonly digest: string; readonly node: NodeId }>();
  for (const node of world.alive) {
    const { engine, backend } = world.process(node);
    const status = engine?.status();
    if (status === undefined || backend === undefined || status.backend.state === 'fenced') continue;
    const digest = await backend.digest();
    const known = digests.get(status.appliedSlot);
    if (known === undefined) digests.set(status.appliedSlot, { digest, node });
    else if (known.digest !== digest)
      world.report(
        'HASH-EQUAL',
        `after slot ${status.appliedSlot} the backend of node ${node} has the state ${digest}, that of node ${known.node} ${known.digest}`,
      );
  }
}

async function watchStability(world: EngineWorld, timeoutMs: number, runUntil: RunUntil): Promise<void> {
  let changes = 0;
  let leader: NodeId | undefined = world.leader();
  await runUntil(world.scheduler.nowMs + STABLE_TIMEOUTS * timeoutMs, () => {
    const now = world.leader();
    if (now !== undefined && now !== leader) {
      changes += 1;
      leader = now;
    }
    return changes > MAX_LEADER_CHANGES;
  });
  if (changes > MAX_LEADER_CHANGES)
    world.report(
      'NO-LIVELOCK',
      `leadership changed ${changes} times in ${STABLE_TIMEOUTS} election time-outs after healing`,
    );
}

function pendingOf(clients: readonly SimClient[]): string {
  const waiting = clients.filter(({ pending }) => pending > 0);
  return waiting.map((client) => `${client.describePending()}; `).join('');
}

function describe(world: EngineWorld): string {
  return world.nodes
    .map((node) => {
      const status = world.process(node).engine?.status();
      if (status === undefined) return `${node} dead`;
      const { role, ballot, learnedSlot, appliedSlot, backend } = status;
      return `${node} ${role} ${ballot.round}.${ballot.node} learned=${learnedSlot} applied=${appliedSlot} backend=${backend.state} ${backend.detail}`.trim();
    })
    .join(' | ');
}
