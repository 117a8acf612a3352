/**
 * What runs of the engine depth went through beside what the first depth counts: a range of seeds that lacks one of
 * these proves nothing about it, and says so.
 */
export const ENGINE_COVERED = [
  // Clients.
  'session-opened',
  'session-closed',
  'session-expired',
  'redirected',
  'reconnect',
  'connection-reset',
  'client-walled-off',
  'attempt-timed-out',
  'retried-elsewhere',
  'answered-again',
  'echoed',
  'ended-unknown',
  'ended-none',
  'too-large-refused',
  'overloaded',
  'leadership-lost',
  'garbage-refused',
  'read-linearizable',
  'read-stale',
  'forwarded',
  // Nodes.
  'graceful-stop',
  'wall-jump-forwards',
  'wall-jump-backwards',
  'link-clogged',
  'journal-failed',
  // Backends.
  'backend-refused',
  'backend-answer-lost',
  'backend-later',
  'backend-packed',
  'backend-ahead-of-journal',
  'store-away',
  'store-emptied',
  'store-older-image',
  'store-foreign-write',
  'store-rewound',
  'prepared',
  'fenced',
  // Judgement.
  'history-checked',
] as const;

export type EngineCoverageKind = (typeof ENGINE_COVERED)[number];

export class EngineCoverage {
  readonly #counts: Map<EngineCoverageKind, number> = new Map();

  hit(kind: EngineCoverageKind, times = 1): void {
    this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + times);
  }

  count(kind: EngineCoverageKind): number {
    return this.#counts.get(kind) ?? 0;
  }

  add(other: EngineCoverage): void {
    for (const kind of ENGINE_COVERED) this.hit(kind, other.count(kind));
  }

  missing(): EngineCoverageKind[] {
    return ENGINE_COVERED.filter((kind) => this.count(kind) === 0);
  }

  describe(): string {
    return ENGINE_COVERED.map((kind) => `${kind}=${this.count(kind)}`).join(' ');
  }
}
