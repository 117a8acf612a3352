/**
 * One round: a cluster is started, loaded and hurt for a while, healed, and judged. Everything it did and saw stays in
 * its directory until the caller decides what to keep.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { streamOf } from '@quorate/core/protocol';
import {
  type Call,
  type CheckReport,
  checkHistory,
  type History,
  historyText,
  parseHistory,
} from '@quorate/sim';
import { QuorateError } from '@quorate/wire';
import { freePorts } from 'quorate/spawn';
import { nowUs } from './clock.ts';
import { type InflictedFault, Nemesis } from './faults/nemesis.ts';
import { NETWORK_FAULTS } from './faults/network-faults.ts';
import { PROCESS_FAULTS } from './faults/process-faults.ts';
import type { FullableDisk, Rig } from './faults/rig.ts';
import { LoadProcess } from './load/load-process.ts';
import { clientSite, Network } from './network/network.ts';
import { ChaosCluster } from './nodes/chaos-cluster.ts';
import { SmallDisk } from './nodes/small-disk.ts';
import type { RoundPlan } from './round-plan.ts';
import { countOnce, type OnceReport } from './verdict/exactly-once.ts';
import { readEverything } from './verdict/final-reads.ts';
import { type Recovery, waitForRecovery } from './verdict/recovery.ts';

const CLIENT_GROUPS = 2;
const LANES_PER_GROUP = 24;
/** The load offers this much more than must be achieved, for there are times without a leader. */
const OFFERED_SHARE = 3;
const START_TIMEOUT_MS = 20_000;
/** For the load processes to come up, before the first call. */
const LOAD_START_MS = 1500;
/** At the beginning and at the end of the load nothing is hurt. */
const CALM_MS = 500;
const SMALL_DISK_MEGABYTES = 64;
const FINAL_CLIENT = 0;
const CLIENTS_PER_GROUP = 1_000_000;

export type RoundResult = {
  readonly plan: RoundPlan;
  readonly directory: string;
  readonly faults: readonly InflictedFault[];
  readonly history: History;
  readonly report: CheckReport;
  /** Both undefined when the cluster did not come back: then there is nothing to read. */
  readonly once: OnceReport | undefined;
  readonly recovery: Recovery | undefined;
  /** Calls that were answered, per second of load. */
  readonly achievedPerSecond: number;
  readonly answeredTwice: number;
  /** What must never happen and did, besides violations of the history. */
  readonly findings: readonly string[];
  /** What this machine could not do. */
  readonly leftOut: readonly string[];
};

export type Progress = (line: string) => void;

/** @throws QuorateError when the round could not be brought to its end; the cluster is gone in any case */
export async function runRound(plan: RoundPlan, directory: string, progress: Progress): Promise<RoundResult> {
  mkdirSync(directory, { recursive: true });
  const addrs = (await freePorts(plan.nodes)).map((port) => `127.0.0.1:${port}`);
  await using network = await Network.open(addrs, CLIENT_GROUPS);
  const cluster = new ChaosCluster({ directory, addrs, network, settings: plan.settings });
  const random = streamOf(plan.seed, 'disk');
  const diskNode = random.pick(cluster.nodes);
  const disk = SmallDisk.mount(cluster.dataDirectory(diskNode), SMALL_DISK_MEGABYTES);
  using smallDisk = disk instanceof SmallDisk ? disk : undefined;
  await using running = cluster;
  for (const node of running.nodes) running.start(node);
  await running.waitForLeader(START_TIMEOUT_MS);
  const round = new Round(
    plan,
    directory,
    running,
    network,
    smallDisk && { node: diskNode, disk: smallDisk },
    progress,
  );
  return await round.run(disk instanceof SmallDisk ? [] : [`disk full: ${disk.problem}`]);
}

class Round {
  readonly #plan: RoundPlan;
  readonly #directory: string;
  readonly #cluster: ChaosCluster;
  readonly #network: Network;
  readonly #smallDisk: FullableDisk | undefined;
  readonly #progress: Progress;
  readonly #loads: LoadProcess[] = [];
  readonly #nemeses: Nemesis[] = [];

  constructor(
    plan: RoundPlan,
    directory: string,
    cluster: ChaosCluster,
    network: Network,
    smallDisk: FullableDisk | undefined,
    progress: Progress,
  ) {
    this.#plan = plan;
    this.#directory = directory;
    this.#cluster = cluster;
    this.#network = network;
    this.#smallDisk = smallDisk;
    this.#progress = progress;
  }

  async run(leftOut: readonly string[]): Promise<RoundResult> {
    const fromUs = nowUs() + LOAD_START_MS * 1000;
    const untilUs = fromUs + this.#plan.seconds * 1e6;
    const ends = await this.#loadAndHurt(fromUs, untilUs);
    this.#progress('healed; waiting until all replicas are equal');
    const faults = this.#nemeses
      .flatMap(({ inflicted }) => inflicted)
      .sort((one, other) => one.fromUs - other.fromUs);
    writeFileSync(join(this.#directory, 'faults.json'), `${JSON.stringify(faults, undefined, 2)}\n`);
    const recovery = await tryRecovery(this.#cluster);
    const isBack = typeof recovery !== 'string';
    const loaded = this.#loads.flatMap(
      ({ plan }) => parseHistory(readFileSync(plan.historyPath, 'utf8')).calls,
    );
    const final = isBack
      ? await readEverything(this.#cluster.addrs, loaded, FINAL_CLIENT)
      : { calls: [], differences: [] };
    const history = rebased([...loaded, ...final.calls], faults, fromUs);
    writeFileSync(join(this.#directory, 'history.jsonl'), historyText(history));
    this.#progress(`judging ${history.calls.length} calls`);
    const once = isBack ? countOnce(history.calls, FINAL_CLIENT) : undefined;
    return {
      plan: this.#plan,
      directory: this.#directory,
      faults,
      history,
      report: checkHistory(history),
      once,
      recovery: isBack ? recovery : undefined,
      achievedPerSecond: loaded.filter(({ end }) => end.kind === 'done').length / this.#plan.seconds,
      answeredTwice: ends.reduce((sum, end) => sum + end.answeredTwice, 0),
      findings: [
        ...this.#cluster.unexpectedEnds,
        ...(isBack ? [] : [recovery]),
        ...final.differences,
        ...(once?.findings ?? []),
        ...ends.flatMap((end) => end.findings),
      ],
      leftOut,
    };
  }

  async #loadAndHurt(fromUs: number, untilUs: number): Promise<Awaited<ReturnType<LoadProcess['ended']>>[]> {
    const over = new AbortController();
    const msUntil = (timeUs: number): number => Math.max(0, (timeUs - nowUs()) / 1000);
    const timer = setTimeout(() => over.abort(), msUntil(untilUs) - CALM_MS);
    const ticker = setInterval(() => this.#sayHowItGoes(fromUs), 2000);
    try {
      for (let group = 1; group <= CLIENT_GROUPS; group++)
        this.#loads.push(this.#startLoad(group, fromUs, untilUs));
      const ends = Promise.all(this.#loads.map((load) => load.ended()));
      const hurt = this.#hurt(over.signal, msUntil(fromUs) + CALM_MS);
      // Whichever fails first ends the round; the other one must not go unheard.
      const [loadEnds] = await Promise.all([ends, hurt]);
      return loadEnds;
    } finally {
      over.abort();
      clearTimeout(timer);
      clearInterval(ticker);
      await Promise.all(this.#loads.map((load) => load.kill()));
    }
  }

  async #hurt(over: AbortSignal, delayMs: number): Promise<void> {
    await new Promise((resolve) => {
      setTimeout(resolve, delayMs);
    });
    const rig = (name: string): Rig => ({
      cluster: this.#cluster,
      network: this.#network,
      smallDisk: this.#smallDisk,
      random: streamOf(this.#plan.seed, name),
      over,
    });
    this.#nemeses.push(
      new Nemesis(rig('processes'), PROCESS_FAULTS),
      new Nemesis(rig('network'), NETWORK_FAULTS),
    );
    await Promise.all(this.#nemeses.map((nemesis) => nemesis.run()));
  }

  #startLoad(group: number, fromUs: number, untilUs: number): LoadProcess {
    const site = clientSite(group);
    const { seed, rate, backend } = this.#plan;
    const plan = {
      site,
      seed,
      addrs: this.#cluster.addrs,
      objects: backend === 'notebook' ? 'all' : 'registers',
      lanes: LANES_PER_GROUP,
      callsPerSecond: (rate * OFFERED_SHARE) / CLIENT_GROUPS,
      fromUs,
      untilUs,
      firstClient: group * CLIENTS_PER_GROUP + 1,
      historyPath: join(this.#directory, `history-${site}.jsonl`),
    } as const;
    return new LoadProcess(this.#directory, plan, this.#network.routesOf(site));
  }

  #sayHowItGoes(fromUs: number): void {
    const seconds = Math.max(0, Math.round((nowUs() - fromUs) / 1e6));
    const sum = (kind: 'done' | 'unknown' | 'none'): number =>
      this.#loads.reduce((total, { counts }) => total + counts[kind], 0);
    const faults = this.#nemeses.reduce((total, { inflicted }) => total + inflicted.length, 0);
    const current = this.#nemeses.flatMap((nemesis) => nemesis.current ?? []).join(' and ');
    this.#progress(
      `${seconds} s, ${sum('done')} done, ${sum('unknown')} unknown, ${sum('none')} refused, ${faults} faults${current === '' ? '' : `; now: ${current}`}`,
    );
  }
}

/** A cluster that does not come back is a finding, and what its clients saw until then is judged all the same. */
async function tryRecovery(cluster: ChaosCluster): Promise<Recovery | string> {
  try {
    return await waitForRecovery(cluster);
  } catch (error) {
    if (error instanceof QuorateError) return error.message;
    throw error;
  }
}

/** One history with its own numbers, and times that count from the beginning of the load. */
function rebased(
  calls: readonly Omit<Call, 'id'>[],
  faults: readonly InflictedFault[],
  zeroUs: number,
): History {
  return {
    calls: calls.map((call, id) => ({
      ...call,
      id,
      beganUs: call.beganUs - zeroUs,
      end: { ...call.end, atUs: call.end.atUs - zeroUs },
    })),
    faults: faults.map(({ what, fromUs, untilUs }) => ({
      what,
      fromUs: fromUs - zeroUs,
      untilUs: untilUs - zeroUs,
    })),
  };
}
