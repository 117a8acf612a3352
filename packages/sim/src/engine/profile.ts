/**
 * What one seed of the engine depth is about: the first depth's profile (nodes, limits, network, disk, faults) and on
 * top of it the bounds of the runtime, the backend, the clients, and the faults that only exist here.
 */
import { streamOf } from '@quorate/core/protocol';
import { DEFAULT_RUNTIME_LIMITS, type RuntimeLimits } from '@quorate/core/runtime';
import { drawProfile, type Profile } from '../profile.ts';
import type { SimDiskFaults } from '../world/disk/index.ts';
import type { StageLimits } from './stages/stage-limits.ts';

export type BackendKind = 'kv' | 'plain' | 'durable';

export type EngineProfile = {
  readonly base: Profile;
  readonly runtime: RuntimeLimits;
  readonly backend: BackendKind;
  readonly stage: StageLimits;
  readonly clients: {
    readonly count: number;
    /** Requests that a client has under way. */
    readonly lanes: number;
    /** Mean time between two requests of a client. */
    readonly thinkMs: number;
    /** Without an answer for so long the client goes elsewhere. */
    readonly attemptMs: number;
    /** After so long it gives a request up. */
    readonly deadlineMs: number;
    readonly backoffMs: number;
    readonly latencyMs: number;
    readonly resetChance: number;
    readonly staleShare: number;
    /** Of the attempts: the node must not forward. */
    readonly noForwardShare: number;
    /** Share of truthful refusals at which the client ends the request instead of asking again. */
    readonly acceptsRefusalShare: number;
    readonly closesSessionChance: number;
    readonly garbageChance: number;
  };
  /** Bytes that a lane of a link carries per millisecond, and how many wait at most; 0: no bound. */
  readonly link: { readonly bytesPerMs: number; readonly maxQueuedBytes: number };
  /** The production journal over a simulated disk, or the simulator's own. */
  readonly journal: 'segments' | 'prompt';
  /** Of the simulated disk under the production journal. */
  readonly fileDisk: Pick<SimDiskFaults, 'writeErrorChance' | 'readErrorChance' | 'nameErrorChance'>;
  readonly store: {
    /** Of the times when it is opened. */
    readonly awayChance: number;
    readonly refusedChance: number;
    readonly answerLostChance: number;
    readonly delayMs: number;
    /** A backend that answers at once promises instead. */
    readonly answersLater: boolean;
    /** The durable backend rewrites commands on the leader. */
    readonly prepares: boolean;
  };
  /** Mean time between two strikes of a kind; 0: it does not exist. */
  readonly every: {
    readonly wallJumpMs: number;
    readonly wallMs: number;
    readonly stopMs: number;
    readonly storeMs: number;
  };
};

/**
 * The network keeps the contract of the transport port: frames of a lane in order and whole or not at all, none twice,
 * none from an older connection. Other networks are for the first depth.
 */
function drawBase(seed: number): Profile {
  const base = drawProfile(seed);
  return { ...base, network: { ...base.network, kind: 'stream', duplicateChance: 0, lateChance: 0 } };
}

/** From a stream of its own: what else a seed is about does not depend on it. */
function drawNameErrors(seed: number): number {
  const random = streamOf(seed, 'engine-profile/names');
  return random.chance(0.3) ? random.pick([0.001, 0.02]) : 0;
}

export function drawEngineProfile(seed: number): EngineProfile {
  const base = drawBase(seed);
  const random = streamOf(seed, 'engine-profile');
  const timeoutMs = base.limits.electionTimeoutMs;
  const sometimes = (chance: number, timeouts: number): number =>
    random.chance(chance) ? timeoutMs * timeouts * (0.5 + random.fraction()) : 0;
  const maxCommandBytes = random.pick([200, 1000]);
  const backend = random.pick(['kv', 'kv', 'plain', 'durable', 'durable'] as const);
  const troubled = random.chance(0.4);
  return {
    base,
    backend,
    runtime: {
      ...DEFAULT_RUNTIME_LIMITS,
      protocol: base.limits,
      maxCommandBytes,
      maxBatchBytes: random.pick([64, 500, 256 * 1024]),
      maxQueuedBytes: random.pick([8000, 64 * 1024 * 1024]),
      pipelineSlots: random.pick([1, 2, 8]),
      maxUnflushedBytes: random.pick([2000, 64 * 1024 * 1024]),
      maxUnappliedSlots: random.pick([2, 16, 1024]),
      maxWaitingReads: random.pick([1, 8, 65_536]),
      maxForwards: random.pick([1, 8, 16_384]),
      targetFrameBytes: random.pick([100, 1000, 1024 * 1024]),
      backendRetryMs: { first: timeoutMs * 0.02, longest: timeoutMs * 0.5 },
      maxPreparing: random.pick([1, 4, 256]),
      prepareTimeoutMs: timeoutMs * 3,
      backendCheckMs: timeoutMs,
      backendAnswerMs: timeoutMs * 5,
      replayPageBytes: random.pick([1, 500, 1024 * 1024]),
    },
    stage: {
      keys: random.pick([1, 2, 5]),
      readShare: random.pick([0.1, 0.3, 0.6]),
      maxFillBytes: random.pick([0, 10, 100]),
      tooLargeChance: random.chance(0.3) ? 0.03 : 0,
      maxCommandBytes,
    },
    clients: {
      count: random.between(1, 5),
      lanes: random.pick([1, 2, 5]),
      thinkMs: timeoutMs * random.pick([0.02, 0.1, 0.4]),
      attemptMs: timeoutMs * random.pick([0.3, 1, 4]),
      deadlineMs: timeoutMs * random.pick([2, 8, 30]),
      backoffMs: timeoutMs * random.pick([0.02, 0.2]),
      latencyMs: base.network.latencyMs,
      resetChance: random.chance(0.5) ? random.pick([0.002, 0.02]) : 0,
      staleShare: random.pick([0, 0.3]),
      noForwardShare: random.pick([0, 0.5, 1]),
      acceptsRefusalShare: random.pick([0, 0.3]),
      closesSessionChance: random.chance(0.3) ? 0.02 : 0,
      garbageChance: random.chance(0.3) ? 0.02 : 0,
    },
    link: random.chance(0.3)
      ? { bytesPerMs: 4000 / timeoutMs, maxQueuedBytes: random.pick([500, 5000]) }
      : { bytesPerMs: 0, maxQueuedBytes: 0 },
    journal: random.pick(['segments', 'segments', 'prompt']),
    fileDisk: {
      ...(random.chance(0.3)
        ? { writeErrorChance: random.pick([0.0005, 0.005]), readErrorChance: random.pick([0, 0.0005]) }
        : { writeErrorChance: 0, readErrorChance: 0 }),
      nameErrorChance: drawNameErrors(seed),
    },
    store: {
      awayChance: troubled ? 0.3 : 0,
      refusedChance: troubled ? random.pick([0.02, 0.2]) : 0,
      answerLostChance: troubled ? random.pick([0, 0.05]) : 0,
      delayMs: timeoutMs * random.pick([0.001, 0.02, 0.2]),
      answersLater: random.chance(0.25),
      prepares: random.chance(0.4),
    },
    every: {
      wallJumpMs: sometimes(0.4, random.pick([1, 8])),
      wallMs: sometimes(0.4, 5),
      stopMs: sometimes(0.3, 8),
      storeMs: backend === 'durable' ? sometimes(0.6, 8) : 0,
    },
  };
}
