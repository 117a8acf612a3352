/**
 * Purpose: `quorate conform` tells a backend that keeps the contract from one that does not, to people and to programs.
 */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { quorate } from '../helpers/run-quorate.ts';
import { TemporaryDirectory } from '../helpers/temporary-directory.ts';

/** test/e2e and dist-test/e2e are both four levels below the root. */
const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));

type Report = {
  readonly ok: boolean;
  readonly rules: readonly { readonly rule: string; readonly verdict: string; readonly detail?: string }[];
};

const verdictOn = ({ rules }: Report, rule: string): string | undefined =>
  rules.find((each) => each.rule === rule)?.verdict;

const PORTS = new URL('../../../core/dist/ports/index.js', import.meta.url).href;
const GIVES_THE_TIME = `import { defineBackend } from ${JSON.stringify(PORTS)};

export function createBackend() {
  return defineBackend({
    name: 'clock',
    initial: () => ({ last: 0 }),
    parse: ({ words: [verb] }) =>
      verb === 'tick' || verb === 'last'
        ? { ok: true, access: verb === 'tick' ? 'write' : 'read', command: {} }
        : { ok: false, error: 'tick | last' },
    execute: (state) => (state.last = Date.now()),
    query: (state) => state.last,
  });
}

export const conformance = { commands: ['tick', ['tick'], 'last'], refused: ['', 'tock'] };
`;

describe('quorate conform', function () {
  this.timeout(60_000);

  it('passes the backend that comes along, in a table with the rules that say nothing about it', async () => {
    const run = await quorate(['conform', 'kv'], { cwd: ROOT });
    assert.equal(run.code, 0, run.stdout + run.stderr);
    assert.match(run.stdout, /^kept +MARK-GUARDED +\S/m);
    assert.match(run.stdout, /^kept +SIMULATED-CLUSTER /m);
    assert.match(run.stdout, /^not checked +KILL-ANY-TIME +nothing of a volatile backend outlives it$/m);
    assert.match(run.stdout, /\nkv: \d+ rules kept, 0 broken, \d+ not checked \(seed 1\)\n$/);
  });

  it('names the rules that a module breaks, and fails', async () => {
    using directory = new TemporaryDirectory();
    writeFileSync(directory.file('clock.mjs'), GIVES_THE_TIME);
    const table = await quorate(['conform', './clock.mjs', '--seed', '7'], { cwd: directory.path });
    assert.equal(table.code, 1);
    assert.match(table.stdout, /^BROKEN +APPLY-WITHOUT-CLOCK /m);
    assert.match(table.stdout, /\nagain: npx quorate conform \.\/clock\.mjs --seed 7\n$/);
    const json = await quorate(['conform', './clock.mjs', '-w', 'json'], { cwd: directory.path });
    assert.equal(json.code, 1);
    const report = JSON.parse(json.stdout) as Report;
    assert.equal(report.ok, false);
    assert.equal(verdictOn(report, 'APPLY-WITHOUT-CLOCK'), 'BROKEN');
    assert.equal(verdictOn(report, 'SIMULATED-CLUSTER'), 'BROKEN');
    assert.equal(verdictOn(report, 'PARSE-REFUSES'), 'kept');
    assert.equal(verdictOn(report, 'CRASH-BETWEEN-STEPS'), 'not checked');
  });

  it('finds every backend that is broken on purpose', async () => {
    const run = await quorate(['conform', '--mutants'], { cwd: ROOT });
    assert.equal(run.code, 0, run.stdout + run.stderr);
    assert.doesNotMatch(run.stdout, /MISSED/);
    const [, found = 0] = /\n(\d+) of \1 broken backends found\n$/.exec(run.stdout) ?? [];
    assert.ok(Number(found) >= 15, run.stdout);
  });

  it('says what is missing when there is nothing to check', async () => {
    using directory = new TemporaryDirectory();
    writeFileSync(directory.file('bare.mjs'), 'export const createBackend = () => ({});\n');
    for (const [args, code, words] of [
      [['conform'], 2, /ARGUMENT: which backend\?/],
      [['conform', 'nosuch'], 1, /CONFIG_INVALID: backend nosuch: there is no such backend/],
      [['conform', './bare.mjs'], 1, /export const conformance = \{ commands/],
      [['conform', 'kv', '--options', '{'], 2, /ARGUMENT: --options: takes JSON/],
      [['conform', 'kv', '--seed', 'x'], 2, /ARGUMENT: --seed/],
      [['conform', 'kv', '--mutants'], 2, /ARGUMENT: --mutants/],
    ] as const) {
      const run = await quorate(args, { cwd: directory.path });
      assert.equal(run.code, code, run.stderr);
      assert.match(run.stderr, words);
    }
  });
});
