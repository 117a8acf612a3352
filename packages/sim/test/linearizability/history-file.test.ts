/** Purpose: what is written into a history file is read back, what is wrong in one is refused with its line, and the command checks one. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createRandom } from '@quorate/core/protocol';
import type { Call } from '#src/history/call.ts';
import { HISTORY_HEADER, historyText, parseHistory } from '#src/history/history-file.ts';
import { generateCalls } from './generate.ts';
import { done, get, set } from './histories.ts';

const MAIN = fileURLToPath(new URL('../../dist/linearizability/main.js', import.meta.url));
const STALE = [done(1, set('a'), 0, 10), done(1, set('b'), 20, 30), done(2, get, 40, 50, 'a')];

describe('history file', () => {
  it('gives back what was written', () => {
    const random = createRandom(3);
    const calls = (['register', 'counter', 'list'] as const).flatMap((kind) =>
      generateCalls(
        random,
        { kind, calls: 50, clients: 4, unknownShare: 0.2, refusedShare: 0.2, values: 0 },
        kind,
      ),
    );
    const numbered = calls.map((call, id) => ({ ...call, id }));
    const faults = [{ what: 'node 1 killed', fromUs: 5, untilUs: 10 }];
    assert.deepEqual(parseHistory(historyText({ calls, faults })), { calls: numbered, faults });
    const answerless = [done(1, set('a'), 0, 10)];
    assert.deepEqual(
      parseHistory(historyText({ calls: answerless, faults: [] }), answerless[0]?.id).calls,
      answerless,
    );
  });

  for (const [line, message] of [
    ['nonsense', /line 2: not JSON/],
    ['[]', /line 2: not an object/],
    ['{"client":1,"key":"k","do":"fly","beganUs":0,"end":"done","atUs":1}', /line 2: unknown action "fly"/],
    [
      '{"client":1,"key":"k","do":"get","beganUs":9,"end":"done","atUs":1}',
      /line 2: ends at 1 before it begins at 9/,
    ],
    [
      '{"client":1,"key":"k","do":"get","beganUs":0,"end":"maybe","atUs":1}',
      /line 2: "end" is done, unknown or none/,
    ],
    ['{"client":1,"key":"k","do":"get","beganUs":0,"end":"done","atUs":1,"answer":{}}', /line 2: "answer"/],
    ['{"client":1,"key":"k","do":"set","beganUs":0,"end":"done","atUs":1}', /line 2: "value" is not a text/],
    ['{"client":1,"key":"k","do":"inc","by":0.5,"beganUs":0,"end":"done","atUs":1}', /line 2: "by"/],
    ['{"client":"x","key":"k","do":"get","beganUs":0,"end":"done","atUs":1}', /line 2: "client"/],
    ['{"client":1,"key":"k","do":"get","beganUs":null,"end":"done","atUs":1}', /line 2: "beganUs"/],
    ['{"fault":"node 1 killed","fromUs":0}', /line 2: "untilUs"/],
  ] as const) {
    it(`refuses ${line}`, () => {
      assert.throws(() => parseHistory(`${HISTORY_HEADER}${line}\n`), { code: 'ARGUMENT', message });
    });
  }

  it('refuses a file of another format or version', () => {
    assert.throws(() => parseHistory(''), { code: 'ARGUMENT' });
    assert.throws(() => parseHistory('{"format":"other"}\n'), { message: /this is not a history/ });
    assert.throws(() => parseHistory('{"format":"quorate-history","version":2}\n'), { message: /version 2/ });
  });
});

describe('linearize command', function () {
  this.timeout(20_000);

  it('says yes with status 0, no with status 1 and a drawing, and 2 to what is not a history', () => {
    const directory = mkdtempSync(join(tmpdir(), 'quorate-linearize-'));
    try {
      const file = (name: string, calls: readonly Call[]): string => {
        const path = join(directory, name);
        writeFileSync(path, historyText({ calls, faults: [] }));
        return path;
      };
      const good = linearize(file('good.jsonl', STALE.slice(0, 2)));
      assert.deepEqual([good.status, good.stdout], [0, 'linearizable: yes (2 operations, 1 keys)\n']);
      const svg = join(directory, 'out.svg');
      const bad = linearize(file('bad.jsonl', STALE), '--svg', svg);
      assert.equal(bad.status, 1);
      assert.match(bad.stdout, /get -> a --\|  <-- here[^]*linearizable: no \(3 operations, 1 keys\)\n$/);
      assert.ok(existsSync(svg));
      const hard = linearize(file('hard.jsonl', STALE), '--max-configurations', '1');
      assert.equal(hard.status, 3);
      assert.match(hard.stdout, /linearizable: undecided/);
      writeFileSync(join(directory, 'none'), 'hello\n');
      const none = linearize(join(directory, 'none'));
      assert.deepEqual([none.status, none.stdout], [2, '']);
      assert.match(none.stderr, /line 1: not JSON\nusage:/);
      assert.equal(linearize().status, 2);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
});

function linearize(...args: string[]): {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
} {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], { encoding: 'utf8' });
  return { status, stdout, stderr };
}
