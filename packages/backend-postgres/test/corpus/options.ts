/** The command line of the corpus, checked: what was asked for, or what is wrong with it in one sentence. */
import { parseArgs } from 'node:util';

export type Choice = {
  /** So many random writes instead of the corpus. */
  readonly random: number | undefined;
  readonly seed: number;
};

export type Mistake = { readonly mistake: string };

export const USAGE = 'usage: npm run postgres:corpus -- [--random N [--seed N]]';

export const HELP = `${USAGE}

  --random N  so many random writes, each tried on two databases, instead of the corpus
  --seed N    with --random: the same writes again (default: drawn, and printed)
  -h, --help  this text`;

const OPTIONS = {
  random: { type: 'string' },
  seed: { type: 'string' },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

export function readChoice(args: readonly string[]): Choice | Mistake | 'help' {
  const { values, tokens } = parseArgs({
    args: [...args],
    options: OPTIONS,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  if (values.help === true) return 'help';
  for (const token of tokens) {
    const mistake = mistakeIn(token);
    if (mistake !== undefined) return { mistake };
  }
  const { random, seed } = values;
  return {
    random: random === undefined ? undefined : Number(random),
    seed: seed === undefined ? Math.floor(Math.random() * 2 ** 32) : Number(seed),
  };
}

type Token = {
  readonly kind: string;
  readonly name?: string;
  readonly rawName?: string;
  readonly value?: string | undefined;
};

function mistakeIn({ kind, name = '', rawName = '', value }: Token): string | undefined {
  if (kind === 'positional') return `${JSON.stringify(value)} belongs to no option`;
  if (kind !== 'option') return undefined;
  if (!Object.hasOwn(OPTIONS, name))
    return `there is no option ${rawName}; there are --random, --seed, --help`;
  const least = name === 'random' ? 1 : 0;
  if (value === undefined) return `${rawName} needs a value: ${rawName} N`;
  const number = value.trim() === '' ? Number.NaN : Number(value);
  if (Number.isSafeInteger(number) && number >= least) return undefined;
  return `${rawName} takes a whole number from ${least} on, not ${JSON.stringify(value)}`;
}
