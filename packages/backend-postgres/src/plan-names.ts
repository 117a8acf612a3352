/**
 * Names under which the server keeps the plans of statements, so that one that comes again is not analysed again.
 * At most MAX_PLANS a session; statements beyond them are planned each time.
 */
const MAX_PLANS = 256;
/** A longer text is hardly the same twice. */
const MAX_TEXT = 4096;

export class PlanNames {
  #names = new Map<string, string>();
  #generation = 0;

  nameOf(sql: string): string | undefined {
    const known = this.#names.get(sql);
    if (known !== undefined) return known;
    if (this.#names.size >= MAX_PLANS || sql.length > MAX_TEXT) return undefined;
    const name = `s${this.#generation}_${this.#names.size}`;
    this.#names.set(sql, name);
    return name;
  }

  /** Names given from now on were never used before. */
  forget(): void {
    this.#names.clear();
    this.#generation += 1;
  }
}
