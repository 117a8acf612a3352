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

/** Kinds that a reasonable range of seeds cannot miss, with the first depth of the simulator. */
export const REQUIRED: readonly CoverageKind[] = COVERED;

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
  missing(required: readonly CoverageKind[] = REQUIRED): CoverageKind[] {
    return required.filter((kind) => this.count(kind) === 0);
  }

  /** `kind=count` of everything, in the order of the table above. */
  describe(kinds: readonly CoverageKind[] = COVERED): string {
    return kinds.map((kind) => `${kind}=${this.count(kind)}`).join(' ');
  }
}
