// `npm run check`: the one gate. Edits no source. Prints a line per step and the output of the steps that failed,
// and goes on after a failure, so that one run shows everything there is to repair.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { capture, ensureInstalled } from './lib/prepare.mjs';
import { ROOT } from './lib/workspaces.mjs';

const scratch = mkdtempSync(join(tmpdir(), 'quorate-check-'));
const totals = join(scratch, 'totals');
const tool = (...path) => join(ROOT, 'node_modules', ...path);

const STEPS = [
  { name: 'types', args: [tool('typescript', 'bin', 'tsc'), '-b'] },
  { name: 'lint', args: [tool('oxlint', 'bin', 'oxlint'), '--type-aware', '--deny-warnings'] },
  { name: 'boundaries', args: [join(ROOT, 'scripts', 'boundaries.mjs')] },
  { name: 'format', args: [tool('@biomejs', 'biome', 'bin', 'biome'), 'check', '--max-diagnostics=50'] },
  { name: 'fast tests', args: [join(ROOT, 'scripts', 'test.mjs'), '--fast', `--totals=${totals}`] },
];

process.exitCode = await main();

async function main() {
  if (!(await ensureInstalled())) return 1;
  let failures = 0;
  for (const { name, args } of STEPS) {
    const startedAt = Date.now();
    const { status, output } = await capture(process.execPath, args);
    const seconds = ((Date.now() - startedAt) / 1000).toFixed(1);
    if (status !== 0) failures += 1;
    if (status !== 0) process.stdout.write(`${output.trimEnd()}\n`);
    process.stdout.write(`${status === 0 ? 'ok    ' : 'FAILED'} ${name} (${seconds} s)\n`);
  }
  if (failures > 0)
    process.stdout.write(
      `${failures} of ${STEPS.length} checks failed; \`npm run fix\` repairs formatting\n`,
    );
  return failures === 0 ? 0 : 1;
}

process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));
