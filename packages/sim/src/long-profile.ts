/**
 * Long runs: what a seed is about, but for large clusters in which everything happens all the time, for fifty times as
 * long. They find what only adds up: logs far behind, ballots far ahead, tables that grow, counters that wrap.
 */
import { type Random, streamOf } from '@quorate/core/protocol';
import { drawProfile, type Profile } from './profile.ts';

const CHAOS_TIMEOUTS = 20_000;
const MIN_EVENTS = 200_000;
const MAX_EVENTS = 1_000_000;

export function drawLongProfile(seed: number): Profile {
  const profile = drawProfile(seed);
  const random = streamOf(seed, 'long-profile');
  const timeoutMs = profile.limits.electionTimeoutMs;
  return {
    ...profile,
    nodeCount: random.pick([5, 6, 7]),
    every: everyFault(profile.every, timeoutMs, random),
    chaosMs: timeoutMs * CHAOS_TIMEOUTS,
    maxChaosEvents: random.between(MIN_EVENTS, MAX_EVENTS),
  };
}

/** Kinds that the seed left out come as well, more rarely. */
function everyFault(every: Profile['every'], timeoutMs: number, random: Random): Profile['every'] {
  const kinds = Object.entries(every) as [keyof Profile['every'], number][];
  const filled = kinds.map(([kind, meanMs]) => {
    const rarelyMs = timeoutMs * (20 + 40 * random.fraction());
    return [kind, meanMs === 0 ? rarelyMs : meanMs] as const;
  });
  return Object.fromEntries(filled) as Profile['every'];
}
