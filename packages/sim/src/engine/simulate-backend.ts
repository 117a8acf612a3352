/**
 * Any backend inside the simulator as a whole cluster: the proof for somebody else's store.
 *
 * Nodes crash between any two effects, stores are away or lose their answers after the commit, leaders change, clients
 * repeat what they do not know the end of. Judged: every command took effect once, repetitions get the first answer,
 * every replica gives the same results, log time and digests, and all are useful again after the last fault.
 */
import type { EngineProfile } from './profile.ts';
import { drawEngineProfile } from './profile.ts';
import { simulateEngine } from './simulate-engine.ts';
import { type SimulatedBackend, SubjectStage } from './stages/subject-stage.ts';

export type { BackendPlace, SimulatedBackend } from './stages/subject-stage.ts';

export type SimulateBackendOptions = {
  /** Both included. */
  readonly seeds: { readonly first: number; readonly last: number };
  /** Nodes of the cluster. Default 3. */
  readonly nodes?: number;
  /** Events of the chaos phase of a seed. Default 4000. */
  readonly maxChaosEvents?: number;
  /** Called after every seed. */
  readonly onSeed?: (seed: number, failure: BackendFailure | undefined) => void;
};

export type BackendFailure = {
  readonly seed: number;
  /** Name of the property that did not hold. */
  readonly property: string;
  readonly sentence: string;
};

export type BackendReport = {
  readonly seeds: number;
  readonly events: number;
  /** Slots that were applied, and requests of clients that came to an end, over all seeds. */
  readonly slots: number;
  readonly requests: number;
  readonly failures: readonly BackendFailure[];
};

const DEFAULT_NODES = 3;
const DEFAULT_MAX_CHAOS_EVENTS = 4000;
/** Share of the batches. */
const LEAST_TROUBLE = 0.03;

/** Goes through every seed, also after a failure. Rejects only when `subject` itself does. */
export async function simulateBackend(
  subject: SimulatedBackend,
  options: SimulateBackendOptions,
): Promise<BackendReport> {
  const failures: BackendFailure[] = [];
  const sums = { events: 0, slots: 0, requests: 0 };
  const { first, last } = options.seeds;
  for (let seed = first; seed <= last; seed++) {
    const stage = new SubjectStage(subject, seed);
    const verdict = await simulateEngine({ seed, profile: profileOf(seed, options), stage, historyShare: 0 });
    await subject.dispose?.(seed);
    sums.events += verdict.events;
    sums.slots += verdict.chosenSlots;
    sums.requests += verdict.requests;
    const failure = verdict.ok ? undefined : { seed, property: verdict.violated, sentence: verdict.sentence };
    if (failure !== undefined) failures.push(failure);
    options.onSeed?.(seed, failure);
  }
  return { seeds: last - first + 1, ...sums, failures };
}

/** The seed's profile with the bounds that a product has: a stranger's commands may be larger than the simulator's. */
function profileOf(seed: number, options: SimulateBackendOptions): EngineProfile {
  const profile = drawEngineProfile(seed);
  const { base, runtime, store } = profile;
  return {
    ...profile,
    base: {
      ...base,
      nodeCount: options.nodes ?? DEFAULT_NODES,
      maxChaosEvents: options.maxChaosEvents ?? DEFAULT_MAX_CHAOS_EVENTS,
    },
    runtime: {
      ...runtime,
      maxCommandBytes: 1024 * 1024,
      maxQueuedBytes: 64 * 1024 * 1024,
      maxUnflushedBytes: 64 * 1024 * 1024,
    },
    link: { bytesPerMs: 0, maxQueuedBytes: 0 },
    // Every seed: this is what a backend is most likely to get wrong.
    store: {
      ...store,
      refusedChance: Math.max(store.refusedChance, LEAST_TROUBLE),
      answerLostChance: Math.max(store.answerLostChance, LEAST_TROUBLE),
    },
    every: { ...profile.every, storeMs: 0 },
  };
}
