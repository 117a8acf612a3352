/** Runs random writes on two databases: those that the firewall lets pass must do the same on both. */
import type { Catalog } from '#src/sql/index.ts';
import type { CorpusDatabase } from './corpus-database.ts';
import { examineCase } from './examine-corpus.ts';
import { RandomStatements } from './random-statements.ts';

export type RandomRun = {
  readonly passed: number;
  readonly refused: number;
  /** Passed, and the server said no: on both databases, with the same SQLSTATE. */
  readonly failed: number;
  readonly differing: readonly string[];
};

export async function tryRandom(
  databases: readonly [CorpusDatabase, CorpusDatabase],
  catalog: Catalog,
  { seed, count }: { readonly seed: number; readonly count: number },
): Promise<RandomRun> {
  const statements = new RandomStatements(seed);
  const differing: string[] = [];
  let [passed, refused, failed] = [0, 0, 0];
  for (let number = 0; number < count; number++) {
    const sql = statements.next();
    const { prepared } = examineCase(
      { sql, params: [], verdict: 'write', because: '', error: undefined },
      catalog,
      Date.now(),
    );
    if (prepared === undefined) {
      refused += 1;
      continue;
    }
    const [left, right] = [await databases[0].tryOut(prepared), await databases[1].tryOut(prepared)];
    const isFailure = /^error \w+/.exec(left.outcome)?.[0];
    if (isFailure !== undefined && right.outcome.startsWith(isFailure)) failed += 1;
    else if (left.outcome === right.outcome && left.state === right.state) passed += 1;
    else differing.push(`${sql}\n  ${left.outcome.slice(0, 300)}\n  ${right.outcome.slice(0, 300)}`);
  }
  return { passed, refused, failed, differing };
}
