/**
 * `npm run fuzz`: every decoder, with damaged valid encodings and garbage.
 *
 *   npm run fuzz -- --executions 1000000          so many inputs over all decoders, by their shares
 *   npm run fuzz -- --target peer-frames --seed 7  one decoder, the same inputs every time
 *   npm run fuzz -- --target peer-frames --input HEX|FILE   one input again
 *
 * Progress goes to standard error, the table to standard output. A finding is printed as hexadecimal, saved to a file,
 * and comes with the line that plays it again. Status 1 for a finding, 2 for wrong use.
 */
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  parseArguments,
  quoted,
  readInput,
  runTool,
  wholeNumber,
  wrongUse,
} from '#src/command-line/index.ts';
import { print, tell } from '#src/output.ts';
import { makeScratchDirectory } from '../flips/journal-image.ts';
import { allTargets } from './all-targets.ts';
import { type FuzzTarget, toHex } from './fuzz-target.ts';
import { describeFinding, execute, type FuzzReport, fuzz, shareOut } from './run-fuzz.ts';

const SHOWN_HEX = 2000;
const PROGRESS_EVERY_MS = 2000;

const EXIT_INTERRUPTED = 130;

const TOOL = {
  name: 'fuzz',
  usage: ['[--executions N] [--seed N] [--target NAME]...', '--target NAME --input HEX|FILE'],
  options: {
    executions: {
      type: 'string',
      default: '1000000',
      value: 'N',
      about: 'so many inputs over all decoders, by their shares (default 1000000)',
    },
    seed: { type: 'string', value: 'N', about: 'the same inputs every time (default: drawn, and printed)' },
    target: {
      type: 'string',
      multiple: true,
      default: [] as string[],
      value: 'NAME',
      about: 'this decoder, or several (default: all)',
    },
    input: { type: 'string', value: 'HEX|FILE', about: 'one input again, for one target' },
  },
} as const;

type Choice = { readonly targets: readonly FuzzTarget[] } & (
  | { readonly executions: number; readonly seed: number; readonly input?: undefined }
  | { readonly input: Uint8Array }
);

process.exitCode = await runTool(TOOL, read, (choice) =>
  choice.input === undefined
    ? run(choice.targets, choice.executions, choice.seed)
    : again(choice.targets[0] as FuzzTarget, choice.input),
);

/** @throws ARGUMENT */
async function read(args: readonly string[]): Promise<Choice> {
  const { values } = parseArguments(TOOL, args);
  const { target: names, input } = values;
  const executions = wholeNumber('--executions', values.executions, 1);
  const seed = values.seed === undefined ? Date.now() % 1_000_000_000 : wholeNumber('--seed', values.seed);
  if (input !== undefined && new Set(names).size !== 1) throw wrongUse('--input needs one --target');
  const bytes = input === undefined ? undefined : bytesOf(input);
  const targets = await targetsCalled(names);
  return bytes === undefined ? { targets, executions, seed } : { targets, input: bytes };
}

/** All of them where none is named. */
async function targetsCalled(names: readonly string[]): Promise<readonly FuzzTarget[]> {
  const directory = makeScratchDirectory();
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
  process.once('SIGINT', () => process.exit(EXIT_INTERRUPTED));
  const all = await allTargets(directory);
  const unknown = names.find((name) => !all.some((target) => target.name === name));
  if (unknown !== undefined)
    throw wrongUse(
      `there is no target ${quoted(unknown)}; there are ${all.map(({ name }) => name).join(', ')}`,
    );
  return all.filter(({ name }) => names.length === 0 || names.includes(name));
}

function bytesOf(input: string): Uint8Array {
  const hex = existsSync(input) ? readInput(input).trim() : input;
  if (hex.length % 2 !== 0 || !/^[0-9a-f]*$/i.test(hex))
    throw wrongUse(
      `--input takes hexadecimal digits in pairs, or a file of them, and ${quoted(input)} is neither`,
    );
  return Uint8Array.from(Buffer.from(hex, 'hex'));
}

async function run(targets: readonly FuzzTarget[], executions: number, seed: number): Promise<number> {
  tell(`fuzz: ${executions} executions, seed ${seed}`);
  const shares = shareOut(targets, executions);
  let findings = 0;
  for (const target of targets) {
    const report = await fuzz(target, {
      seed,
      executions: shares.get(target.name) ?? 0,
      budgetMs: Number.POSITIVE_INFINITY,
      progress: teller(target, shares.get(target.name) ?? 0),
    });
    print(row(report));
    if (report.finding === undefined) continue;
    findings += 1;
    const path = join(tmpdir(), `quorate-fuzz-${target.name}-${seed}.hex`);
    writeFileSync(path, toHex(report.finding.input));
    const description = describeFinding(report, report.finding);
    print(
      description.length <= SHOWN_HEX
        ? `  ${description}`
        : `  ${target.name}: ${report.finding.why}\n  replay: npm run fuzz -- --target ${target.name} --input ${path}`,
    );
    print(`  saved: ${path} (seed ${seed}, after ${report.executions} executions)`);
  }
  print(findings === 0 ? `fuzz: no finding, seed ${seed}` : `fuzz: ${findings} FINDINGS, seed ${seed}`);
  return findings === 0 ? 0 : 1;
}

function teller(target: FuzzTarget, executions: number): (done: number) => void {
  let toldMs = performance.now();
  return (done) => {
    if (performance.now() - toldMs < PROGRESS_EVERY_MS) return;
    toldMs = performance.now();
    tell(`${target.name}: ${done} of ${executions}`);
  };
}

function row({ target, executions, read, refused, slowestMs, seconds }: FuzzReport): string {
  const codes = [...refused]
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([code, count]) => `${code} ${count}`);
  return `${target.padEnd(18)} ${String(executions).padStart(9)} executions ${seconds.toFixed(1).padStart(7)} s  read ${read}, refused: ${codes.join(', ') || 'none'}; slowest ${slowestMs.toFixed(1)} ms`;
}

async function again(target: FuzzTarget, input: Uint8Array): Promise<number> {
  const { code, why, tookMs } = await execute(target, input);
  print(why ?? `${code === undefined ? 'read' : `refused with ${code}`} in ${tookMs.toFixed(1)} ms`);
  return why === undefined ? 0 : 1;
}
