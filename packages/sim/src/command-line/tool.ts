/**
 * The command line of a tool: a help that has a line for every option, and wrong use answered with one sentence and the
 * usage before anything is run.
 */
import { type ParseArgsConfig, parseArgs } from 'node:util';
import { QuorateError } from '@quorate/wire';
import { print, tell } from '../output.ts';

export const EXIT_USAGE = 2;

export type Option = NonNullable<ParseArgsConfig['options']>[string] & {
  /** What stands for the value in the help; options without a value have none. */
  readonly value?: string;
  /** For the help; may have several lines. */
  readonly about: string;
};
export type Options = { readonly [name: string]: Option };

export type Tool<O extends Options = Options> = {
  /** As in `npm run NAME`. */
  readonly name: string;
  /** The first word after it, of a tool that is one of several under a name. */
  readonly sub?: string;
  /** What follows, a line for each way to use it. */
  readonly usage: readonly string[];
  readonly options: O;
  /** Takes words that belong to no option. */
  readonly takesWords?: boolean;
  /** What the help says after the options. */
  readonly more?: string;
};

/** What was given, by the types that the options ask for. */
export type Given<O extends Options> = Pick<
  ReturnType<typeof parseArgs<{ options: O; allowPositionals: true }>>,
  'values' | 'positionals'
>;

const HELP = { help: { type: 'boolean', short: 'h', about: 'this text' } } as const;
const SHOWN_CHARACTERS = 60;

/**
 * Help, or a sentence about wrong use, or what the tool does. Only what `read` throws as wrong use ends with a sentence:
 * it checks everything that was given and runs nothing.
 * @returns the exit status
 */
export async function runTool<C>(
  tool: Tool,
  read: (args: readonly string[]) => C | Promise<C>,
  run: (choice: C) => number | Promise<number>,
  args: readonly string[] = process.argv.slice(2),
): Promise<number> {
  if (tokensOf(tool, args).some((token) => token.kind === 'option' && token.name === 'help')) {
    print(helpOf(tool));
    return 0;
  }
  let choice: C;
  try {
    choice = await read(args);
  } catch (error) {
    if (!(error instanceof QuorateError) || error.code !== 'ARGUMENT') throw error;
    tell(
      `${nameOf(tool)}: ${error.message}\n${usageOf(tool)}\n${commandOf(tool)} --help  explains every option`,
    );
    return EXIT_USAGE;
  }
  return run(choice);
}

/** @throws ARGUMENT for an option that there is not, a value that is missing or too much, a word that belongs nowhere */
export function parseArguments<const O extends Options>(tool: Tool<O>, args: readonly string[]): Given<O> {
  for (const token of tokensOf(tool, args)) {
    if (token.kind === 'positional' && tool.takesWords !== true)
      throw wrongUse(`${quoted(token.value)} belongs to no option`);
    if (token.kind === 'option') checkOption(tool, token);
  }
  return parseArgs({ args: [...args], options: tool.options, allowPositionals: true });
}

/** For what `read` refuses; the sentence says what is wrong and what is allowed. */
export function wrongUse(sentence: string): QuorateError {
  return new QuorateError('ARGUMENT', sentence);
}

/** What a person typed, so that it fits into a sentence. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}...` : text);
}

/** @throws ARGUMENT unless it is a whole number, and not below `least` */
export function wholeNumber(name: string, text: string, least: number = Number.MIN_SAFE_INTEGER): number {
  const number = numberOf(text);
  if (Number.isSafeInteger(number) && number >= least) return number;
  const from = least === Number.MIN_SAFE_INTEGER ? '' : ` from ${least} on`;
  throw wrongUse(`${name} takes a whole number${from}, not ${quoted(text)}`);
}

/** @throws ARGUMENT unless it is a number above zero */
export function positiveNumber(name: string, text: string): number {
  const number = numberOf(text);
  if (number > 0 && Number.isFinite(number)) return number;
  throw wrongUse(`${name} takes a number above 0, not ${quoted(text)}`);
}

/** @throws ARGUMENT unless it is one of these words */
export function oneOf<const T extends string>(name: string, text: string, choices: readonly T[]): T {
  const found = choices.find((choice) => choice === text);
  if (found === undefined) throw wrongUse(`${name} is one of ${choices.join(', ')}, not ${quoted(text)}`);
  return found;
}

function numberOf(text: string): number {
  return text.trim() === '' ? Number.NaN : Number(text);
}

type Token = ReturnType<typeof tokensOf>[number];

/** Unlike a strict reading this one throws nothing, and the first mistake from the left is named. */
function tokensOf({ options }: Tool, args: readonly string[]) {
  return parseArgs({
    args: [...args],
    options: { ...options, ...HELP },
    strict: false,
    allowPositionals: true,
    tokens: true,
  }).tokens;
}

function checkOption(tool: Tool, token: Extract<Token, { kind: 'option' }>): void {
  const { name, rawName, value, inlineValue } = token;
  const option = Object.hasOwn(tool.options, name) ? tool.options[name] : undefined;
  if (option === undefined) {
    const all = Object.keys({ ...tool.options, ...HELP }).map((each) => `--${each}`);
    throw wrongUse(`there is no option ${rawName}; there are ${all.join(', ')}`);
  }
  if (option.type === 'boolean') {
    if (value !== undefined) throw wrongUse(`${rawName} takes no value, and was given ${quoted(value)}`);
    return;
  }
  const label = `${rawName} ${option.value ?? 'VALUE'}`;
  if (value === undefined || value === '') throw wrongUse(`${rawName} needs a value: ${label}`);
  if (inlineValue !== true && value.startsWith('-') && value !== '-')
    throw wrongUse(`${rawName} needs a value: ${label}; ${value} looks like another option`);
}

function helpOf(tool: Tool): string {
  const rows = Object.entries<Option>({ ...tool.options, ...HELP }).map(
    ([name, { short, value, about }]) =>
      [
        `${short === undefined ? '' : `-${short}, `}--${name}${value === undefined ? '' : ` ${value}`}`,
        about,
      ] as const,
  );
  const width = Math.max(...rows.map(([label]) => label.length));
  const lines = rows.map(
    ([label, about]) => `  ${label.padEnd(width)}  ${about.replaceAll('\n', `\n${' '.repeat(width + 4)}`)}`,
  );
  return [usageOf(tool), '', ...lines, ...(tool.more === undefined ? [] : ['', tool.more])].join('\n');
}

function usageOf(tool: Tool): string {
  return tool.usage
    .map((line, index) => `${index === 0 ? 'usage:' : '      '} ${commandOf(tool)} ${line}`)
    .join('\n');
}

function commandOf({ name, sub }: Tool): string {
  return `npm run ${name} --${sub === undefined ? '' : ` ${sub}`}`;
}

function nameOf({ name, sub }: Tool): string {
  return sub === undefined ? name : `${name} ${sub}`;
}
