/** `npm run postgres:corpus`: every statement of the corpus with its verdict, and what would be logged or why not. */

import { loadGrammar } from '#src/sql/index.ts';
import { startTemporaryPostgres } from '#src/testing/temporary-postgres.ts';
import { CorpusDatabase, HISTORIES } from './corpus-database.ts';
import { examineCase, isAsExpected } from './examine-corpus.ts';
import { readCases, VERDICTS } from './read-corpus.ts';

process.exitCode = await main();

async function main(): Promise<number> {
  await loadGrammar();
  const server = await startTemporaryPostgres();
  try {
    const [one, two] = await Promise.all(
      HISTORIES.map((history) => CorpusDatabase.create(server.url, history)),
    );
    if (one === undefined || two === undefined) throw new Error('two databases were asked for');
    const catalog = await one.catalog();
    const counts = new Map<string, number>();
    let broken = 0;
    for (const each of readCases()) {
      const examined = examineCase(each, catalog, Date.now());
      let note = isAsExpected(each, examined) ? '' : `EXPECTED ${each.verdict} ${each.because}`;
      if (examined.prepared !== undefined) {
        const left = await one.tryOut(examined.prepared);
        const right = await two.tryOut(examined.prepared);
        if (left.outcome !== right.outcome || left.state !== right.state) note += ' REPLICAS DIFFER';
        else if (left.outcome.startsWith('error')) {
          if (each.error === undefined || !left.outcome.includes(each.error)) note += ' UNEXPECTED';
          note += ` (${left.outcome})`;
        }
      }
      if (/EXPECTED|DIFFER|UNEXPECTED/.test(note)) broken += 1;
      counts.set(examined.verdict, (counts.get(examined.verdict) ?? 0) + 1);
      console.log(
        `${examined.verdict.padEnd(8)} ${each.sql.replace(/\s+/g, ' ')}\n         ${examined.explanation}${note === '' ? '' : `\n         ${note.trim()}`}`,
      );
    }
    const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
    console.log(
      `\n${total} statements: ${VERDICTS.map((verdict) => `${counts.get(verdict) ?? 0} ${verdict}`).join(', ')}; ${broken} not as expected`,
    );
    console.log('Each write was executed on two databases with other settings, plans and order on the disk.');
    await Promise.all([one.session.close(), two.session.close()]);
    return broken === 0 ? 0 : 1;
  } finally {
    await server.stop();
  }
}
