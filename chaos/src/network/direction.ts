/**
 * The state of one direction of a link, shared by all its connections: how many faults hold it back, and how slow
 * it is. Pipes ask it before each piece and are told when it changes.
 */
export type Slowness = {
  /** Every piece arrives so much later, plus up to the jitter; order is kept. */
  readonly latencyMs: number;
  readonly jitterMs: number;
  /** Infinity: as fast as it goes. */
  readonly bytesPerSecond: number;
};

export const FULL_SPEED: Slowness = { latencyMs: 0, jitterMs: 0, bytesPerSecond: Number.POSITIVE_INFINITY };

export class Direction {
  #holds = 0;
  #slowness: Slowness = FULL_SPEED;
  readonly #listeners = new Set<() => void>();
  /** Pieces that met a hold or were slowed down: a fault that nobody met did not happen. */
  affectedPieces = 0;

  /** Nothing passes. Faults overlap, so holds are counted. */
  get isHeld(): boolean {
    return this.#holds > 0;
  }

  get slowness(): Slowness {
    return this.#slowness;
  }

  hold(): void {
    this.#holds += 1;
  }

  release(): void {
    this.#holds = Math.max(0, this.#holds - 1);
    this.#tell();
  }

  slowDown(slowness: Slowness): void {
    this.#slowness = slowness;
    this.#tell();
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
