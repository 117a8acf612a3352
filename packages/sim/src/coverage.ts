/**
 * What a run went through. A run in which nothing went wrong proves nothing: over a range of seeds every required
 * kind must have happened, or the range fails.
 */
export const COVERED = [
  // The network.
  'loss',
  'duplicate',
  'late',
  'corrupt-refused',
  'link-down',
  'link-up',
  'partition',
  'one-way-cut',
  // The nodes.
  'crash',
  'crash-at-effect',
  'power-cut',
  'restart',
  'unsynced-lost',
  'pause',
  'clock-frozen',
  'backend-ahead',
  'segment-journal',
  'journal-failed',
  'journal-refused',
  'rot',
  // Elections.
  'pre-vote',
  'pre-vote-refused',
  'campaign',
  'election-won',
  'nack',
  'usurp',
  'deposed-leader',
  'lost-quorum',
  'transfer',
  // Recovery.
  'promise-paged',
  'recovered-value',
  'gap-noop',
  'watermark-not-taught',
  // Replication.
  'proposed',
  'refused-window',
  'refused-not-leader',
  'accept-resent',
  'accepted-ranges',
  'chosen',
  'catch-up-served',
  'catch-up-learned',
  // Reads.
  'read-local',
  'read-remote',
  'read-refused',
  // The end.
  'converged',
  'converged-core',
] as const;

export type CoverageKind = (typeof COVERED)[number];

/**
 * Kinds that fewer than one seed in twenty goes through (the rarest, one in sixty). A range of N seeds misses a kind
 * that happens in a share p of them with the chance (1 - p) ** N: for these that is up to 3 % with 200 seeds, and
 * less than one in ten million with 1000.
 */
export const RARE: readonly CoverageKind[] = ['gap-noop', 'journal-failed', 'journal-refused', 'rot'];

/** A range of at least so many seeds must go through everything that is not rare, of so many through the rest too. */
export const COVERING_SEEDS = 200;
export const RARE_COVERING_SEEDS = 1000;

/** What so many seeds of the first depth cannot miss. */
export function requiredOf(seeds: number): readonly CoverageKind[] {
  if (seeds < COVERING_SEEDS) return [];
  return seeds < RARE_COVERING_SEEDS ? COVERED.filter((kind) => !RARE.includes(kind)) : COVERED;
}

export class CoverageCounts {
  readonly #counts: Map<CoverageKind, number> = new Map();

  hit(kind: CoverageKind, times = 1): void {
    this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + times);
  }

  count(kind: CoverageKind): number {
    return this.#counts.get(kind) ?? 0;
  }

  add(other: CoverageCounts): void {
    for (const kind of COVERED) this.hit(kind, other.count(kind));
  }

  /** Required kinds that never happened. */
  missing(required: readonly CoverageKind[] = COVERED): CoverageKind[] {
    return required.filter((kind) => this.count(kind) === 0);
  }

  /** `kind=count` of everything, in the order of the table above. */
  describe(kinds: readonly CoverageKind[] = COVERED): string {
    return kinds.map((kind) => `${kind}=${this.count(kind)}`).join(' ');
  }
}
