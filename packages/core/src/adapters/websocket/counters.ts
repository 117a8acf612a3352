/**
 * Numbers by name for status and metrics: how often something happened since the process began. Names are
 * camelCase words; a code is appended after a dot, for instance `refused.WIRE_VERSION`. The set of names is closed
 * by the callers, which never put anything that came from outside into a name except an error code of the table.
 */
export class Counters {
  readonly #counts = new Map<string, number>();

  add(name: string, amount = 1): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + amount);
  }

  /** A copy; a name that never happened is absent. */
  snapshot(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counts);
  }
}
