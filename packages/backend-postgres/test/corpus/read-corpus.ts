/** The corpus: blocks of SQL with the verdict expected for each, in plain files beside this one's source. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const VERDICTS = ['read', 'write', 'frozen', 'refused'] as const;
export type Verdict = (typeof VERDICTS)[number];

export type Case = {
  readonly sql: string;
  readonly params: readonly (string | null)[];
  readonly verdict: Verdict;
  /** Words that the explanation must have. */
  readonly because: string;
  /** SQLSTATE, for a write that the server refuses on every replica. */
  readonly error: string | undefined;
};

/** Blocks between empty lines. */
export function readBlocks(name: 'schema' | 'foreign' | 'rows' | 'statements'): readonly string[] {
  const path = fileURLToPath(new URL(`../../test/corpus/${name}.sql`, import.meta.url));
  return readFileSync(path, 'utf8')
    .split(/\n\s*\n/)
    .map((block) => block.trim())
    .filter((block) => block.split('\n').some((line) => line !== '' && !line.startsWith('--')));
}

export function readCases(): readonly Case[] {
  return readBlocks('statements').map(caseOf);
}

function caseOf(block: string): Case {
  const lines = block.split('\n');
  const [, verdict, because = ''] = /^-- (read|write|frozen|refused)(?:: (.*))?$/.exec(lines[0] ?? '') ?? [];
  if (verdict === undefined) throw new Error(`a block of the corpus has no verdict: ${block}`);
  const params = lines.find((line) => line.startsWith('-- params: '))?.slice('-- params: '.length) ?? '[]';
  return {
    sql: lines.filter((line) => !line.startsWith('--')).join('\n'),
    params: JSON.parse(params) as (string | null)[],
    verdict: verdict as Verdict,
    because,
    error: lines.find((line) => line.startsWith('-- error: '))?.slice('-- error: '.length),
  };
}
