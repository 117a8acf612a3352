/**
 * What one seed is about: each seed first draws how large the cluster is, how small its limits are, and which faults
 * exist at all. Ranges of seeds with few faults each find more than seeds with all of them at once.
 *
 * Plain data, printed with a failure; changing one field must not shift what other streams draw.
 */
import { type ProtocolLimits, type Random, streamOf } from '@quorate/core/protocol';
import type { DiskFaults } from './world/journal.ts';
import type { NetworkFaults } from './world/network-faults.ts';

export type Profile = {
  readonly nodeCount: number;
  readonly limits: ProtocolLimits;
  readonly network: NetworkFaults;
  readonly disk: DiskFaults;
  /** 'prompt': the simulator's own, which flushes write by write. 'segments': the production one over a simulated disk. */
  readonly journal: 'prompt' | 'segments';
  /** For segments: a write fails, and a tenth as often a read. */
  readonly diskErrorChance: number;
  /** For segments: something rots while a node of a minority is dead. */
  readonly rotChance: number;
  /** A host puts at most this many messages into one frame: few per frame, and they can overtake one another. */
  readonly maxFrameMessages: number;
  /** A turn of a host takes up to this long, and collects what arrives meanwhile. */
  readonly turnMs: number;
  /** Clocks run at 1 +- this. */
  readonly clockDrift: number;
  /** Applying what was delivered takes up to this long. */
  readonly applyMs: number;
  /** The backend keeps what it applied through a crash. */
  readonly durableBackend: boolean;
  /** Faults that strike now and then: mean time between two of a kind, 0 when the kind does not exist. */
  readonly every: {
    readonly partitionMs: number;
    readonly crashMs: number;
    readonly powerCutMs: number;
    readonly pauseMs: number;
    readonly resignMs: number;
    readonly campaignMs: number;
    /** Somebody campaigns without a pre-vote, as if it had been told to take over: leaders overlap. */
    readonly usurpMs: number;
  };
  readonly workload: {
    /** Mean time between two moments at which something is asked. */
    readonly everyMs: number;
    readonly maxBurst: number;
    readonly readShare: number;
    readonly maxValueBytes: number;
  };
  readonly chaosMs: number;
  /** The chaos phase ends early after this many events. */
  readonly maxChaosEvents: number;
  /** In the heal phase only a quorum is healed; the others stay as the chaos left them. */
  readonly healsCoreOnly: boolean;
};

export function drawProfile(seed: number): Profile {
  const random = streamOf(seed, 'profile');
  const electionTimeoutMs = random.pick([40, 100, 300, 1000]);
  const limits = drawLimits(random, electionTimeoutMs);
  const network = drawNetwork(random, electionTimeoutMs);
  const sometimes = (chance: number, timeouts: number): number =>
    random.chance(chance) ? electionTimeoutMs * timeouts * (0.5 + random.fraction()) : 0;
  return {
    nodeCount: random.pick([1, 2, 3, 3, 3, 3, 4, 5, 5, 5, 7]),
    limits,
    network,
    disk: {
      flushMs: electionTimeoutMs * random.pick([0.0005, 0.002, 0.01, 0.1]),
      stallChance: random.chance(0.4) ? random.pick([0.02, 0.1]) : 0,
      stallMs: electionTimeoutMs * random.pick([0.1, 0.5, 3]),
    },
    ...drawJournal(seed),
    maxFrameMessages: random.pick([1, 3, 1000]),
    turnMs: electionTimeoutMs * random.pick([0.0002, 0.002, 0.01]),
    clockDrift: random.pick([0, 0, 0.0002, 0.05]),
    applyMs: electionTimeoutMs * random.pick([0, 0.001, 0.05]),
    durableBackend: random.chance(0.4),
    every: {
      partitionMs: sometimes(0.6, 5),
      crashMs: sometimes(0.6, 6),
      powerCutMs: sometimes(0.25, 20),
      pauseMs: sometimes(0.3, 8),
      resignMs: sometimes(0.25, random.pick([1.5, 10])),
      campaignMs: sometimes(0.25, 6),
      usurpMs: sometimes(0.4, random.pick([0.7, 2, 6])),
    },
    workload: {
      everyMs: (electionTimeoutMs / 10) * (0.2 + random.fraction() * 2),
      maxBurst: random.pick([1, 2, 8]),
      readShare: random.pick([0, 0.3, 0.3, 0.7]),
      maxValueBytes: random.pick([0, 20, 300]),
    },
    chaosMs: electionTimeoutMs * random.between(15, 40),
    maxChaosEvents: 20_000,
    healsCoreOnly: random.chance(0.3),
  };
}

/** From a stream of its own: what else a seed is about does not depend on it. */
function drawJournal(seed: number): Pick<Profile, 'journal' | 'diskErrorChance' | 'rotChance'> {
  const random = streamOf(seed, 'profile/journal');
  return {
    journal: random.chance(0.3) ? 'segments' : 'prompt',
    diskErrorChance: random.chance(0.3) ? random.pick([0.0005, 0.005]) : 0,
    rotChance: random.chance(0.4) ? random.pick([0.2, 0.7]) : 0,
  };
}

function drawLimits(random: Random, electionTimeoutMs: number): ProtocolLimits {
  return {
    windowSlots: random.pick([2, 3, 4, 8, 16, 64, 256]),
    windowBytes: random.pick([1, 200, 2000, 64 * 1024 * 1024]),
    heartbeatMs: electionTimeoutMs / random.pick([3, 5, 10]),
    electionTimeoutMs,
    resendMs: electionTimeoutMs * random.pick([0.1, 0.25, 0.5]),
    pageBytes: random.pick([1, 100, 400, 4096, 1024 * 1024]),
    catchUpSlots: random.pick([1, 2, 7, 32, 256]),
    maxWaitingReads: random.pick([1, 4, 1000]),
  };
}

function drawNetwork(random: Random, electionTimeoutMs: number): NetworkFaults {
  const kind = random.pick(['stream', 'stream', 'datagram'] as const);
  const isDatagram = kind === 'datagram';
  return {
    kind,
    latencyMs: electionTimeoutMs * random.pick([0.0002, 0.002, 0.01, 0.05]),
    jitterMs: electionTimeoutMs * random.pick([0, 0.001, 0.02, 0.15]),
    lossChance: random.chance(0.4) ? random.pick([0.01, 0.05, 0.2]) : 0,
    duplicateChance: isDatagram && random.chance(0.7) ? random.pick([0.02, 0.1, 0.4]) : 0,
    lateChance: isDatagram && random.chance(0.7) ? random.pick([0.02, 0.1, 0.3]) : 0,
    lateMs: electionTimeoutMs * random.pick([0.1, 0.5, 3, 12]),
    corruptChance: random.chance(0.2) ? 0.01 : 0,
    detectMs: electionTimeoutMs * random.pick([0.1, 0.5, 3]),
    reconnectMs: electionTimeoutMs * random.pick([0.005, 0.05, 0.3]),
    stalls: random.chance(0.4),
  };
}

/** What is left when every fault has stopped. */
export function calmNetwork(faults: NetworkFaults): NetworkFaults {
  return { ...faults, lossChance: 0, duplicateChance: 0, lateChance: 0, corruptChance: 0 };
}

export function calmDisk(faults: DiskFaults): DiskFaults {
  return { ...faults, stallChance: 0 };
}
