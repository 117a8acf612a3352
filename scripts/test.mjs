// `npm test`: prepares the clone, runs every test of every workspace on the compiled output, and ends with one line
// `N passed, N failed` summed over all runs. The status is non-zero when a test failed, when a run did not end
// properly, and when no test ran at all.
//
// Usage: node scripts/test.mjs [--fast] [--totals=FILE] [workspace...]
//   --fast         leave out test/e2e, which starts processes and real stores
//   --totals=FILE  write the final line to FILE instead of standard output
//   workspace      the folder's name, for example `core`; `scripts` means the tests of these scripts
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, sep } from 'node:path';
import { parseArgs } from 'node:util';

import { filesBelow } from './lib/files.mjs';
import { prepare } from './lib/prepare.mjs';
import { provideStores } from './lib/stores.mjs';
import { ROOT, workspaces } from './lib/workspaces.mjs';

const MOCHA = join(ROOT, 'node_modules', 'mocha', 'bin', 'mocha.js');
const REPORTER = join(ROOT, 'scripts', 'lib', 'mocha-reporter.mjs');
/** A run that is still there after this long hangs: a test leaked a server, a timer or a child process. */
const RUN_TIMEOUT_MS = 15 * 60_000;

const { values: options, positionals: wanted } = parseArgs({
  options: { fast: { type: 'boolean', default: false }, totals: { type: 'string' } },
  allowPositionals: true,
});

process.exitCode = await main();

async function main() {
  const suites = selectSuites();
  if (suites === undefined) return 2;
  if (!(await prepare(projectsOf(suites)))) return finish({ passed: 0, failed: 1 });
  if (!options.fast) await provideStores(suites.map(({ short }) => short));
  const total = { passed: 0, failed: 0 };
  for (const suite of suites) {
    const { passed, failed } = await runSuite(suite);
    total.passed += passed;
    total.failed += failed;
  }
  return finish(total);
}

/** What to run, or undefined after naming a workspace that does not exist. */
function selectSuites() {
  const all = [
    ...workspaces().map(({ short, dir }) => ({ short, dir })),
    { short: 'scripts', dir: join(ROOT, 'scripts') },
  ];
  const unknown = wanted.filter((name) => !all.some(({ short }) => short === name));
  if (unknown.length > 0) {
    process.stderr.write(
      `no workspace called ${unknown.join(', ')}; there are ${all.map(({ short }) => short).join(', ')}\n`,
    );
    return undefined;
  }
  return wanted.length === 0 ? all : all.filter(({ short }) => wanted.includes(short));
}

/** With workspaces named, only they and what they need are built: a fault elsewhere does not stop their tests. */
function projectsOf(suites) {
  if (wanted.length === 0) return undefined;
  return suites.map(({ dir }) => join(dir, 'test')).filter((dir) => existsSync(join(dir, 'tsconfig.json')));
}

async function runSuite({ short, dir }) {
  const files = testFiles(dir);
  if (files.length === 0) return { passed: 0, failed: 0 };
  const missing = files.filter((file) => !existsSync(file));
  if (missing.length > 0) {
    process.stdout.write(`\n${short}: not compiled, is the folder in tsconfig.json? ${missing.join(' ')}\n`);
    return { passed: 0, failed: missing.length };
  }
  process.stdout.write(`\n${short}\n`);
  return runMocha(short, dir, files);
}

/**
 * Compiled tests by way of their sources: the output folder may still hold tests that were deleted or renamed.
 * Tests of the scripts are plain modules and run where they are.
 */
function testFiles(dir) {
  const source = join(dir, 'test');
  const compiled = filesBelow(source, '.test.ts').map((file) =>
    join(dir, 'dist-test', relative(source, file).replace(/\.ts$/, '.js')),
  );
  const isFast = (file) => !relative(dir, file).split(sep).includes('e2e');
  return [...compiled, ...filesBelow(source, '.test.mjs')].filter((file) => !options.fast || isFast(file));
}

async function runMocha(short, dir, files) {
  const scratch = mkdtempSync(join(tmpdir(), 'quorate-test-'));
  const countsPath = join(scratch, 'counts.json');
  try {
    const args = [MOCHA, '--config', join(ROOT, '.mocharc.mjs')];
    args.push('--reporter', REPORTER, '--reporter-option', `counts=${countsPath}`, ...files);
    const status = await run(args, dir);
    const isComplete = existsSync(countsPath);
    const counts = isComplete ? JSON.parse(readFileSync(countsPath, 'utf8')) : { passes: 0, failures: 0 };
    // A crash, a hang, an early exit or a failure outside of any test leaves a bad status or no counts.
    const unseen = !isComplete || (status !== 0 && counts.failures === 0) ? 1 : 0;
    if (unseen > 0) process.stdout.write(`${short}: the run did not end properly (${status})\n`);
    return { passed: counts.passes, failed: counts.failures + unseen };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** @returns {Promise<number | string>} exit status, or a word for how the process ended instead */
function run(args, cwd) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, { cwd, stdio: ['ignore', 'inherit', 'inherit'] });
    const deadline = setTimeout(() => {
      process.stdout.write(
        `\nstill running after ${RUN_TIMEOUT_MS / 60_000} minutes: something was left open\n`,
      );
      child.kill('SIGKILL');
    }, RUN_TIMEOUT_MS);
    child.on('error', (error) => process.stdout.write(`cannot start mocha: ${error.message}\n`));
    child.on('close', (code, signal) => {
      clearTimeout(deadline);
      resolve(code ?? signal);
    });
  });
}

function finish({ passed, failed }) {
  if (passed + failed === 0) process.stdout.write('no test ran\n');
  const line = `${passed} passed, ${failed} failed\n`;
  if (options.totals === undefined) process.stdout.write(line);
  else writeFileSync(options.totals, line);
  return failed > 0 || passed === 0 ? 1 : 0;
}
