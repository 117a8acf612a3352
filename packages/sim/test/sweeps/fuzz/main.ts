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
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { print, tell } from '#src/output.ts';
import { makeScratchDirectory } from '../flips/journal-image.ts';
import { allTargets } from './all-targets.ts';
import { type FuzzTarget, toHex } from './fuzz-target.ts';
import { describeFinding, execute, type FuzzReport, fuzz, shareOut } from './run-fuzz.ts';

const DEFAULT_EXECUTIONS = '1000000';
const SHOWN_HEX = 2000;
const PROGRESS_EVERY_MS = 2000;

const OPTIONS = {
  executions: { type: 'string', default: DEFAULT_EXECUTIONS },
  seed: { type: 'string', default: String(Date.now() % 1_000_000_000) },
  target: { type: 'string', multiple: true, default: [] as string[] },
  input: { type: 'string' },
} as const;

async function main(directory: string): Promise<number> {
  const values = valuesOf(process.argv.slice(2));
  if (values === undefined) return 2;
  const all = await allTargets(directory);
  const unknown = values.target.find((name) => !all.some((target) => target.name === name));
  const [executions, seed] = [Number(values.executions), Number(values.seed)];
  if (
    unknown !== undefined ||
    !Number.isSafeInteger(executions) ||
    !Number.isSafeInteger(seed) ||
    executions < 1
  ) {
    explain(
      `${unknown === undefined ? 'a number was expected' : `there is no target ${unknown}`}; targets: ${all.map(({ name }) => name).join(', ')}`,
    );
    return 2;
  }
  const targets = all.filter(({ name }) => values.target.length === 0 || values.target.includes(name));
  if (values.input !== undefined) return again(targets, values.input);
  return run(targets, executions, seed);
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

async function again(targets: readonly FuzzTarget[], input: string): Promise<number> {
  const [target, ...others] = targets;
  if (target === undefined || others.length > 0) {
    explain('--input needs one --target');
    return 2;
  }
  const hex = existsSync(input) ? readFileSync(input, 'utf8').trim() : input;
  const { code, why, tookMs } = await execute(target, Uint8Array.from(Buffer.from(hex, 'hex')));
  print(why ?? `${code === undefined ? 'read' : `refused with ${code}`} in ${tookMs.toFixed(1)} ms`);
  return why === undefined ? 0 : 1;
}

function valuesOf(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS }).values;
  } catch (error) {
    if (error instanceof Error && 'code' in error) return explain(error.message);
    throw error;
  }
}

function explain(mistake: string): undefined {
  tell(mistake);
  tell(
    'usage: npm run fuzz -- [--executions N] [--seed N] [--target NAME]... | --target NAME --input HEX|FILE',
  );
  return undefined;
}

const EXIT_INTERRUPTED = 130;
const directory = makeScratchDirectory();
process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
process.once('SIGINT', () => process.exit(EXIT_INTERRUPTED));
process.exitCode = await main(directory);
