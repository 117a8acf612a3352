/** Runs one part of a soak as a child process of low priority, and says what came of it. */
import { spawn } from 'node:child_process';
import { setPriority } from 'node:os';
import type { Layer, Part } from './layers.ts';
import { coverageOf, pathOf, root, tallyOf } from './programs.ts';
import type { PartResult } from './progress.ts';

/** A part takes a minute or so; one that is still there after this long hangs. */
const HANG_MS = 30 * 60_000;
const MAX_OUTPUT_CHARACTERS = 4 * 1024 * 1024;
const LOW_PRIORITY = 10;

export type RunningPart = { readonly end: Promise<PartResult>; stop(): void };

export function startPart({ program, args }: Part, needs: Layer['needs']): RunningPart {
  const startedMs = performance.now();
  const child = spawn(process.execPath, [pathOf(program), ...args], {
    cwd: root(),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  // Real processes must get their share of the machine, or the run is void.
  if (needs === 'a core' && child.pid !== undefined) setPriority(child.pid, LOW_PRIORITY);
  let output = '';
  let printed = '';
  const hang = setTimeout(() => {
    output += `\nno end within ${HANG_MS / 60_000} minutes\n`;
    child.kill('SIGKILL');
  }, HANG_MS);
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8');
    stream.on('data', (chunk: string) => {
      if (output.length < MAX_OUTPUT_CHARACTERS) output += chunk;
      if (stream === child.stdout && printed.length < MAX_OUTPUT_CHARACTERS) printed += chunk;
    });
  }
  const end = new Promise<PartResult>((resolve) => {
    const finish = (status: number | string | null): void => {
      clearTimeout(hang);
      const ok = status === 0;
      const coverage = coverageOf(printed);
      resolve({
        ok,
        seconds: Math.round((performance.now() - startedMs) / 100) / 10,
        tally: tallyOf(program, printed),
        ...(coverage === undefined ? {} : { coverage }),
        lastLine: lastLineOf(ok ? printed : output) || `status ${status}`,
        ...(ok ? {} : { log: `${output.trimEnd()}\nstatus ${status}\n` }),
      });
    };
    child.on('error', (error) => finish(error.message));
    child.on('close', (status, signal) => finish(status ?? signal));
  });
  return { end, stop: () => void child.kill('SIGTERM') };
}

function lastLineOf(output: string): string {
  return output.trimEnd().split('\n').at(-1) ?? '';
}
