/**
 * Cuts a run into rounds. Each round is a fresh cluster with its own size, backend and settings, so that five minutes
 * see several configurations, and a round's history stays small enough to be judged at once.
 */
import { fileURLToPath } from 'node:url';
import { type Random, streamOf } from '@quorate/core/protocol';
import type { BackendName, ChaosOptions } from './options.ts';

export type RoundPlan = {
  /** From 1. */
  readonly number: number;
  readonly rounds: number;
  readonly seed: number;
  readonly seconds: number;
  readonly nodes: 3 | 5;
  readonly backend: BackendName;
  readonly rate: number;
  readonly settings: Readonly<Record<string, unknown>>;
};

const MAX_ROUND_SECONDS = 60;
const NOTEBOOK = fileURLToPath(new URL('backend/notebook.js', import.meta.url));

/** The first combination is the richest one, for runs of a single round. */
const TURNS: readonly { readonly nodes: 3 | 5; readonly backend: BackendName }[] = [
  { nodes: 3, backend: 'notebook' },
  { nodes: 5, backend: 'kv' },
  { nodes: 5, backend: 'notebook' },
  { nodes: 3, backend: 'kv' },
];

export function planRounds(options: ChaosOptions): RoundPlan[] {
  const rounds = Math.max(1, Math.round(options.seconds / MAX_ROUND_SECONDS));
  return Array.from({ length: rounds }, (_, index) => {
    const turn = TURNS[index % TURNS.length] as (typeof TURNS)[number];
    const seed = options.seed + index;
    const backend = options.backend ?? turn.backend;
    return {
      number: index + 1,
      rounds,
      seed,
      seconds: options.seconds / rounds,
      nodes: options.nodes ?? turn.nodes,
      backend,
      rate: options.rate,
      settings: settingsOf(backend, streamOf(seed, 'settings')),
    };
  });
}

/** Small limits meet their edges early. */
function settingsOf(backend: BackendName, random: Random): Record<string, unknown> {
  const [heartbeatMs, electionTimeoutMs] = random.pick([
    [100, 1000],
    [50, 500],
    [40, 300],
  ] as const);
  return {
    backend: backend === 'notebook' ? NOTEBOOK : 'kv',
    heartbeatMs,
    electionTimeoutMs,
    windowSlots: random.pick([4, 32, 256]),
    journal: random.pick(['segments', 'sqlite']),
    journalThread: random.pick(['auto', 'main', 'worker']),
  };
}
