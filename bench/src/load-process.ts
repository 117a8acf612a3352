/**
 * Runs a load in a process of its own and reads the one line of JSON that it prints last.
 *
 * Owns: the bound on its time, and the check that it measured anything. A load that fails ends the benchmark with
 * what it said.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { NodeProcess } from 'quorate/spawn';
import type { LoadResult } from './system.ts';

/** Beyond the measured time: start of the process, connections, filling, the end. */
const SLACK_MS = 60_000;
let loads = 0;

export async function runLoad(
  script: string,
  args: readonly (string | number)[],
  directory: string,
  expectedMs: number,
): Promise<LoadResult> {
  const logPath = join(directory, `load-${++loads}.log`);
  const child = new NodeProcess({
    program: process.execPath,
    args: [script, ...args.map(String)],
    cwd: directory,
    logPath,
  });
  const timer = setTimeout(() => void child.kill(), expectedMs + SLACK_MS);
  const { code, signal } = await child.ended;
  clearTimeout(timer);
  if (code !== 0) throw new Error(`the load ended with ${signal ?? `status ${code}`}: ${child.logTail()}`);
  const lastLine = readFileSync(logPath, 'utf8').trim().split('\n').at(-1) ?? '';
  return checked(JSON.parse(lastLine) as LoadResult);
}

function checked(result: LoadResult): LoadResult {
  if (!(result.throughput > 0)) throw new Error('the load was not answered at all');
  if (result.errors + result.unknown > 0)
    throw new Error(`the load had ${result.errors} errors and ${result.unknown} unknown outcomes`);
  return result;
}
