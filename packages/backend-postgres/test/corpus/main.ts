/**
 * `npm run postgres:corpus`: every statement of the corpus with its verdict, and what would be logged or why not.
 * `npm run postgres:corpus -- --random 2000 [--seed 7]`: random writes instead, each tried on two databases.
 */
import { type Catalog, loadGrammar } from '#src/sql/index.ts';
import { startTemporaryPostgres } from '#src/testing/temporary-postgres.ts';
import { CorpusDatabase, HISTORIES } from './corpus-database.ts';
import { type Examined, examineCase, isAsExpected } from './examine-corpus.ts';
import { type Choice, HELP, readChoice, USAGE } from './options.ts';
import { type Case, readCases, VERDICTS } from './read-corpus.ts';
import { tryRandom } from './try-random.ts';

type Pair = readonly [CorpusDatabase, CorpusDatabase];

process.exitCode = await main();

async function main(): Promise<number> {
  const choice = readChoice(process.argv.slice(2));
  if (choice === 'help') {
    console.log(HELP);
    return 0;
  }
  if ('mistake' in choice) {
    console.error(`postgres:corpus: ${choice.mistake}\n${USAGE}`);
    return 2;
  }
  return run(choice);
}

async function run({ random, seed }: Choice): Promise<number> {
  await loadGrammar();
  const server = await startTemporaryPostgres();
  try {
    const pair: Pair = [
      await CorpusDatabase.create(server.url, HISTORIES[0]),
      await CorpusDatabase.create(server.url, HISTORIES[1]),
    ];
    const catalog = await pair[0].catalog();
    const broken =
      random === undefined
        ? await printCorpus(pair, catalog)
        : await printRandom(pair, catalog, random, seed);
    for (const { session } of pair) await session.close();
    return broken === 0 ? 0 : 1;
  } finally {
    await server.stop();
  }
}

async function printRandom(pair: Pair, catalog: Catalog, count: number, seed: number): Promise<number> {
  const { passed, failed, refused, differing } = await tryRandom(pair, catalog, { seed, count });
  for (const each of differing) console.log(`REPLICAS DIFFER\n${each}`);
  console.log(
    `seed ${seed}: ${passed} passed, ${failed} failed alike, ${refused} refused, ${differing.length} differing`,
  );
  return differing.length;
}

async function printCorpus(pair: Pair, catalog: Catalog): Promise<number> {
  const counts = new Map<string, number>();
  let broken = 0;
  for (const each of readCases()) {
    const examined = examineCase(each, catalog, Date.now());
    const trouble = await troubleWith(each, examined, pair);
    if (trouble !== '') broken += 1;
    counts.set(examined.verdict, (counts.get(examined.verdict) ?? 0) + 1);
    const sql = each.sql.replace(/\s+/g, ' ');
    const lines = [`${examined.verdict.padEnd(8)} ${sql}`, examined.explanation, trouble].filter(
      (line) => line !== '',
    );
    console.log(lines.join('\n         '));
  }
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  const table = VERDICTS.map((verdict) => `${counts.get(verdict) ?? 0} ${verdict}`).join(', ');
  console.log(`\n${total} statements: ${table}; ${broken} not as expected`);
  console.log('Each write was executed on two databases with other settings, plans and order on the disk.');
  return broken;
}

/** What is not as it should be; empty when all is. */
async function troubleWith(each: Case, examined: Examined, [one, two]: Pair): Promise<string> {
  if (!isAsExpected(each, examined)) return `EXPECTED ${each.verdict} ${each.because}`;
  if (examined.prepared === undefined) return '';
  const [left, right] = [await one.tryOut(examined.prepared), await two.tryOut(examined.prepared)];
  if (left.outcome !== right.outcome || left.state !== right.state) return 'REPLICAS DIFFER';
  const error = /^error (\w+)/.exec(left.outcome)?.[1];
  return error === each.error ? '' : `UNEXPECTED ${left.outcome}`;
}
