/**
 * What is done to a spawned cluster while the load runs: nodes killed when a share of the run is done, or the leader
 * killed again and again to see how long the cluster is silent.
 *
 * Owns: when and to whom. Leaves to others: how a process is killed (`spawn/`), what the clients saw (`recorder.ts`).
 */
import { QuorateError } from '@quorate/wire';
import { CATCH_UP_TIMEOUT_MS, type ProcessCluster } from '../spawn/cluster.ts';
import { poll } from '../spawn/wait.ts';
import type { Load } from './load.ts';

export type KillTarget = number | 'leader' | 'follower';
export type KillOrder = { readonly target: KillTarget; readonly percent: number };
export type KillRecord = {
  readonly node: number;
  /** Since the start of the measured run. */
  readonly atMs: number;
};

/** Answers that must have come before the leader is killed again: the load is then in its stride. */
const STEADY_ANSWERS = 50;

/** `2@25`, `leader@50`, `follower@75`. @throws ARGUMENT */
export function parseKill(text: string): KillOrder {
  const match = /^(\d+|leader|follower)@(\d+(?:\.\d+)?)%?$/.exec(text);
  const [, who = '', percentText] = match ?? [];
  const percent = Number(percentText);
  const target = who === 'leader' || who === 'follower' ? who : Number(who);
  if (match === null || percent > 100 || target === 0) {
    throw new QuorateError(
      'ARGUMENT',
      `--kill: not NODE@PERCENT: "${text}"; write 2@25, leader@50 or follower@75`,
    );
  }
  return { target, percent };
}

/** Carries out the orders as the load comes to them. Returns when all are done or the load has ended. */
export async function killAsOrdered(
  cluster: ProcessCluster,
  load: Load,
  orders: readonly KillOrder[],
  loadEnded: () => boolean,
): Promise<KillRecord[]> {
  const records: KillRecord[] = [];
  for (const { target, percent } of [...orders].sort((a, b) => a.percent - b.percent)) {
    if (!(await until(() => load.progress >= percent / 100, loadEnded))) break;
    const node = await nodeOf(cluster, target);
    records.push({ node, atMs: load.elapsedMs });
    await cluster.kill(node);
  }
  return records;
}

async function nodeOf(cluster: ProcessCluster, target: KillTarget): Promise<number> {
  if (typeof target === 'number') return target;
  const leader = await cluster.waitForLeader();
  const node = target === 'leader' ? leader : cluster.running().find((candidate) => candidate !== leader);
  if (node === undefined) throw new QuorateError('ARGUMENT', '--kill: no follower is left to be killed');
  return node;
}

export type FailOvers = {
  readonly kills: readonly KillRecord[];
  /** One per kill that was seen to its end. */
  readonly gapsMs: readonly number[];
};

/**
 * Kills the leader `times` times, or until the load has ended. Each gap is the longest time that any client waited
 * for its next answer, from the moment of the kill until the killed node is back and has caught up, so a stumble at
 * its return counts too.
 */
export async function failOver(
  cluster: ProcessCluster,
  load: Load,
  times: number,
  loadEnded: () => boolean,
  onGap: (gapMs: number) => void,
): Promise<FailOvers> {
  const gapsMs: number[] = [];
  const kills: KillRecord[] = [];
  const { recorder } = load;
  while (gapsMs.length < times) {
    const steadyAt = recorder.latencies.count + STEADY_ANSWERS;
    if (!(await until(() => recorder.latencies.count >= steadyAt, loadEnded))) break;
    const leader = await cluster.waitForLeader();
    kills.push({ node: leader, atMs: load.elapsedMs });
    recorder.watchSilence(performance.now());
    await cluster.kill(leader);
    await cluster.waitForLeader();
    if (!(await answeredToAll(load, loadEnded))) break;
    cluster.restart(leader);
    await cluster.waitUntilCaughtUp(leader, CATCH_UP_TIMEOUT_MS);
    if (!(await answeredToAll(load, loadEnded))) break;
    const gapMs = recorder.endSilence();
    gapsMs.push(gapMs);
    onGap(gapMs);
  }
  return { kills, gapsMs };
}

/** Every client has been answered since now. */
function answeredToAll(load: Load, loadEnded: () => boolean): Promise<boolean> {
  const since = performance.now();
  return until(() => load.recorder.allAnsweredSince > since, loadEnded);
}

/** False when the load ended before. It gives up by itself when nobody answers, so this needs no bound of its own. */
async function until(condition: () => boolean, loadEnded: () => boolean): Promise<boolean> {
  const answer = await poll(
    () => (condition() ? 'met' : loadEnded() ? 'ended' : undefined),
    Number.POSITIVE_INFINITY,
    () => new QuorateError('TIMEOUT', 'the load did not end'),
  );
  return answer === 'met';
}
