/**
 * One search of one scope and what it amounts to: the call that tests, the bug bank and the command share.
 */
import { type Landmark, landmarksIn } from './landmarks.ts';
import type { Protocol } from './protocol.ts';
import { shorten } from './replay.ts';
import type { Scope } from './scope.ts';
import { type Counterexample, Search, type SearchOptions, type Totals } from './search.ts';
import { transcribe } from './transcript.ts';

export type Finding = {
  readonly property: string;
  readonly detail: string;
  readonly steps: number;
  readonly transcript: string;
};

export type Report = Totals & {
  readonly scope: string;
  readonly seconds: number;
  /** Everything within the scope was searched. */
  readonly isComplete: boolean;
  /** What the scope demands and the search never met: it proves little then. */
  readonly missed: readonly Landmark[];
  readonly finding: Finding | undefined;
};

export function modelCheck(protocol: Protocol, scope: Scope, options: SearchOptions): Report {
  const startedAt = performance.now();
  const search = new Search(protocol, scope, options);
  const found = search.run();
  const { totals, isComplete } = search;
  const seconds = (performance.now() - startedAt) / 1000;
  const reached = new Set(landmarksIn(totals.landmarks));
  const missed = scope.mustReach.filter((landmark) => !reached.has(landmark));
  const finding = found && findingOf(search, found);
  return { ...totals, scope: scope.name, seconds, isComplete, missed, finding };
}

/** A violation as people want it: the shortest way to it that this one holds, as a transcript. */
export function findingOf({ setting }: Search, longer: Counterexample): Finding {
  const found = shorten(setting, longer);
  return { ...found.violation, steps: found.steps.length, transcript: transcribe(setting, found) };
}

/** Nothing is wrong, and enough was met for that to mean something. */
export function isGood({ finding, missed }: Report): boolean {
  return finding === undefined && missed.length === 0;
}
