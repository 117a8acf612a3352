/**
 * `npm run bugbank`: plants every mutant of the catalogue and shows which tool finds it, and at what cost.
 *
 *   npm run bugbank                      the whole bank; status 1 unless every mutant is found
 *   npm run bugbank -- --only a,b        these mutants
 *   npm run bugbank -- --list            what is in the bank, without running anything
 *   npm run bugbank -- -w json           one JSON document instead of the table
 *   npm run bugbank -- --jobs 1          so many hunts at a time (2)
 */
import { oneOf, parseArguments, quoted, runTool, wholeNumber, wrongUse } from '../command-line/index.ts';
import { print } from '../output.ts';
import { tryMutant } from './bank.ts';
import { CATALOGUE } from './catalogue/index.ts';
import { costsTooMuch, type Finding, type Mutant } from './mutant.ts';
import { sanityHunts, trySanity } from './sanity.ts';
import { headerLine, type Row, rowLine, sanityLine, toolName } from './table.ts';

const EXIT_INTERRUPTED = 130;

const TOOL = {
  name: 'bugbank',
  usage: ['[--only ID,...] [--list] [-w json] [--jobs N]'],
  options: {
    only: {
      type: 'string',
      multiple: true,
      default: [] as string[],
      value: 'ID,...',
      about: 'these mutants, by the ids that --list prints (default: all)',
    },
    list: { type: 'boolean', default: false, about: 'what is in the bank, without running anything' },
    write: {
      type: 'string',
      short: 'w',
      default: 'table',
      value: 'table|json',
      about: 'a table, or one JSON document (default table)',
    },
    jobs: { type: 'string', default: '2', value: 'N', about: 'so many hunts at a time (default 2)' },
  },
} as const;

type Choice = {
  readonly mutants: readonly Mutant[];
  readonly jobs: number;
  readonly isList: boolean;
  readonly isJson: boolean;
};

// The exit hooks of copies and hunters do the rest.
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => process.exit(EXIT_INTERRUPTED));
process.exitCode = await runTool(TOOL, read, ({ mutants, jobs, isList, isJson }) => {
  if (isList) return list(mutants);
  return isJson ? runAsJson(mutants, jobs) : runAsTable(mutants, jobs);
});

/** @throws ARGUMENT */
function read(args: readonly string[]): Choice {
  const { values } = parseArguments(TOOL, args);
  return {
    mutants: selected(values.only.flatMap((list) => list.split(','))),
    jobs: wholeNumber('--jobs', values.jobs, 1),
    isList: values.list,
    isJson: oneOf('--write', values.write, ['table', 'json']) === 'json',
  };
}

function selected(ids: readonly string[]): readonly Mutant[] {
  const unknown = ids.find((wanted) => !CATALOGUE.some(({ id }) => id === wanted));
  if (unknown !== undefined)
    throw wrongUse(`there is no mutant ${quoted(unknown)} in the bug bank; --list prints the ids`);
  return ids.length === 0 ? CATALOGUE : CATALOGUE.filter(({ id }) => ids.includes(id));
}

function list(mutants: readonly Mutant[]): number {
  for (const { id, hunt, wrong, seen } of mutants)
    print(`${id}  (${toolName(hunt)})\n    ${wrong}\n    Seen: ${seen}.`);
  print(`${mutants.length} mutants`);
  return 0;
}

async function runAsTable(mutants: readonly Mutant[], jobs: number): Promise<number> {
  print(headerLine());
  const rows = await tryAll(mutants, jobs, (row) => print(rowLine(row)));
  const hunts = sanityHunts(rows);
  const sanity = await trySanity(hunts);
  for (const [index, hunt] of hunts.entries()) print(sanityLine(hunt, sanity[index] as Finding));
  const { found, ok, complaints } = sumUp(rows, sanity);
  for (const complaint of complaints) print(complaint);
  print(`${mutants.length} mutants, ${found} found`);
  return ok ? 0 : 1;
}

async function runAsJson(mutants: readonly Mutant[], jobs: number): Promise<number> {
  const rows = await tryAll(mutants, jobs, () => undefined);
  const hunts = sanityHunts(rows);
  const sanity = await trySanity(hunts);
  const { found, ok, complaints } = sumUp(rows, sanity);
  print(
    JSON.stringify(
      {
        mutants: rows,
        sanity: hunts.map((hunt, index) => ({ hunt, finding: sanity[index] })),
        count: rows.length,
        found,
        complaints,
        ok,
      },
      undefined,
      2,
    ),
  );
  return ok ? 0 : 1;
}

/** In the order of the catalogue, however many are tried at a time; `onRow` hears of them as they end. */
async function tryAll(mutants: readonly Mutant[], jobs: number, onRow: (row: Row) => void): Promise<Row[]> {
  const rows: (Row | undefined)[] = mutants.map(() => undefined);
  let next = 0;
  const work = async (): Promise<void> => {
    for (let index = next++; index < mutants.length; index = next++) {
      const { id, hunt } = mutants[index] as Mutant;
      const row = { id, hunt, finding: await tryMutant(mutants[index] as Mutant) };
      rows[index] = row;
      onRow(row);
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
  return rows as Row[];
}

function sumUp(
  rows: readonly Row[],
  sanity: readonly Finding[],
): { found: number; ok: boolean; complaints: string[] } {
  const found = rows.filter(({ finding }) => finding.kind === 'found').length;
  const dear = rows.filter(({ finding }) => costsTooMuch(finding));
  const complaints = dear.map(({ id }) => `${id} costs more than a hunt may`);
  if (sanity.some(({ kind }) => kind !== 'missed'))
    complaints.push('the product as it is does not pass: no find counts');
  return { found, ok: found === rows.length && complaints.length === 0, complaints };
}
