// One mocha run over the compiled tests of one workspace, in a process of its own that leads no other life: what it
// prints goes into a file, so that runs side by side do not mix their lines.
import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';

import { ROOT } from './workspaces.mjs';

const MOCHA = join(ROOT, 'node_modules', 'mocha', 'bin', 'mocha.js');
const REPORTER = join(ROOT, 'scripts', 'lib', 'mocha-reporter.mjs');
/** A run that is still there after this long hangs: a test leaked a server, a timer or a child process. */
const RUN_TIMEOUT_MS = 15 * 60_000;

/** Runs that have not ended: `{ short, child, scratch, outputPath }`. */
const running = new Set();

/**
 * @typedef {{ short: string, passed: number, failed: number, seconds: number, output: string, repeat: string[] }} Outcome
 *   `output` is what the run printed, `repeat` a command line for each failure
 */

/**
 * @param {{ short: string, dir: string, files: string[] }} suite `files` are compiled tests
 * @returns {Promise<Outcome>}
 */
export async function runSuite({ short, dir, files }) {
  const startedAt = performance.now();
  const scratch = mkdtempSync(join(tmpdir(), 'quorate-test-'));
  const summaryPath = join(scratch, 'summary.json');
  const outputPath = join(scratch, 'output');
  const settings = ['--config', join(ROOT, '.mocharc.mjs'), '--reporter', REPORTER];
  const isForPeople = process.stdout.isTTY === true && process.env.NO_COLOR === undefined;
  try {
    const args = [MOCHA, ...settings, '--reporter-option', `summary=${summaryPath}`];
    if (isForPeople) args.push('--color');
    const status = await run({ short, scratch, outputPath, cwd: dir, args: [...args, ...files] });
    const isComplete = existsSync(summaryPath);
    const { passes, failures, failed } = isComplete
      ? JSON.parse(readFileSync(summaryPath, 'utf8'))
      : { passes: 0, failures: 0, failed: [] };
    // A crash, a hang, an early exit or a failure outside of any test leaves a bad status or no summary.
    const isUnseen = !isComplete || (status !== 0 && failures === 0);
    const last = isUnseen ? `${short}: the run did not end properly (${status})\n` : '';
    return {
      short,
      passed: passes,
      failed: failures + (isUnseen ? 1 : 0),
      seconds: (performance.now() - startedAt) / 1000,
      output: `\n${short}\n${readFileSync(outputPath, 'utf8')}${last}`,
      repeat: [...failed.map(commandOf), ...(isUnseen ? [`npm test -- ${short}`] : [])],
    };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/**
 * What Ctrl-C in a terminal does to a run and to everything that it started, and what the runs have printed so far.
 * The process must end after this.
 */
export function interruptSuites() {
  const outputs = [];
  for (const { short, child, scratch, outputPath } of running) {
    killGroup(child, 'SIGINT');
    outputs.push(`\n${short}, interrupted\n${readFileSync(outputPath, 'utf8')}`);
    rmSync(scratch, { recursive: true, force: true });
  }
  return outputs.join('');
}

/** @returns {Promise<number | string>} exit status, or a word for how the process ended instead */
function run({ short, scratch, outputPath, cwd, args }) {
  const output = openSync(outputPath, 'a');
  return new Promise((resolve) => {
    // Mocha is a process that starts another; a group of their own is what one signal reaches.
    const child = spawn(process.execPath, args, { cwd, stdio: ['ignore', output, output], detached: true });
    closeSync(output);
    const entry = { short, child, scratch, outputPath };
    running.add(entry);
    let isHanging = false;
    const deadline = setTimeout(() => {
      isHanging = true;
      killGroup(child, 'SIGKILL');
    }, RUN_TIMEOUT_MS);
    const end = (outcome) => {
      clearTimeout(deadline);
      running.delete(entry);
      resolve(outcome);
    };
    child.on('error', (error) => end(`cannot start mocha: ${error.message}`));
    child.on('close', (code, signal) =>
      end(
        isHanging
          ? `still running after ${RUN_TIMEOUT_MS / 60_000} minutes: something was left open`
          : (code ?? signal),
      ),
    );
  });
}

function killGroup(child, signal) {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // It has ended before.
  }
}

/** A line for the shell, from the root of the repository. */
function commandOf({ file, title }) {
  const path = relative(ROOT, file);
  return `npx mocha ${path} -f '${title.replaceAll("'", "'\\''")}'`;
}
