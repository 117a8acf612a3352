// Brings a clone into a state that can run: dependencies as the lock file says, then a build. Both are skipped when
// nothing changed. Standard output and standard input belong to whatever runs afterwards, so this file speaks on
// standard error only, gives its children no input, and shows their output only when they fail.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';

import { ROOT, readJson } from './workspaces.mjs';

const TSC = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');

/**
 * Installs when needed, then builds the projects, or everything when none is named.
 * @returns {Promise<boolean>} false when a step failed; the reason was printed
 */
export async function prepare(projects) {
  return (await ensureInstalled()) && (await build(projects));
}

export async function ensureInstalled() {
  if (isInstalled()) return true;
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  return quietly('installing dependencies (a minute or two: the SQLite binding is compiled)', npm, [
    'ci',
    '--no-audit',
    '--no-fund',
  ]);
}

async function build(projects = [ROOT]) {
  if (projects.length === 0) return true;
  return quietly('building', process.execPath, [TSC, '-b', ...projects]);
}

/**
 * Compares what npm recorded in node_modules with the lock file, version by version. Comparing the two files' times
 * would reinstall after every branch switch. Optional packages may be absent: they are for other systems.
 */
export function isInstalled(root = ROOT) {
  const recordPath = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(recordPath)) return false;
  const installed = readJson(recordPath).packages;
  const locked = readJson(join(root, 'package-lock.json')).packages;
  return Object.entries(locked).every(([path, wanted]) => {
    if (!path.startsWith('node_modules/')) return true;
    const found = installed[path];
    if (found === undefined) return wanted.optional === true || wanted.devOptional === true;
    return found.version === wanted.version && found.integrity === wanted.integrity;
  });
}

/** Native parts are compiled by `make`, which by itself uses one processor. */
function withParallelMake() {
  return { MAKEFLAGS: `-j${availableParallelism()}`, ...process.env };
}

/** Runs a command behind one progress line on standard error. Its output is shown only when it fails. */
async function quietly(what, command, args) {
  const startedAt = Date.now();
  const line = () => `quorate: ${what}, ${Math.round((Date.now() - startedAt) / 1000)} s`;
  const isTerminal = process.stderr.isTTY === true;
  process.stderr.write(isTerminal ? line() : `quorate: ${what}\n`);
  const ticker = isTerminal ? setInterval(() => process.stderr.write(`\r${line()}`), 1000) : undefined;

  const { status, output } = await capture(command, args);

  clearInterval(ticker);
  if (isTerminal) process.stderr.write('\r\u001b[K');
  if (status === 0) return true;
  process.stderr.write(`${output.trimEnd()}\nquorate: ${what} failed: ${command} ${args.join(' ')}\n`);
  return false;
}

/** @returns {Promise<{ status: number, output: string }>} both output streams as one text, in order of arrival */
export function capture(command, args) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: ROOT,
      env: withParallelMake(),
      stdio: ['ignore', 'pipe', 'pipe'],
      shell: command.endsWith('.cmd'),
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text) => (output += text));
    child.stderr.setEncoding('utf8').on('data', (text) => (output += text));
    child.on('error', (error) => resolve({ status: 127, output: `${output}${error.message}\n` }));
    child.on('close', (code) => resolve({ status: code ?? 1, output }));
  });
}
