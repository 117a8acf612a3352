// The boundary check must be able to fail: every rule is given a file that breaks it, in a small tree of its own,
// and a tree without faults must pass.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { checkTree } from '../boundaries.mjs';

const MANIFESTS = {
  'package.json': {
    workspaces: [
      'packages/wire',
      'packages/core',
      'packages/client',
      'packages/backend-kv',
      'packages/backend-postgres',
      'packages/sim',
    ],
    devDependencies: { mocha: '1.0.0' },
  },
  'packages/wire/package.json': { name: '@quorate/wire' },
  'packages/core/package.json': {
    name: '@quorate/core',
    dependencies: { '@quorate/wire': '1.0.0', ws: '1.0.0' },
  },
  'packages/client/package.json': {
    name: '@quorate/client',
    dependencies: { '@quorate/wire': '1.0.0', '@quorate/core': '1.0.0' },
  },
  'packages/backend-kv/package.json': {
    name: '@quorate/backend-kv',
    dependencies: { '@quorate/core': '1.0.0' },
  },
  'packages/backend-postgres/package.json': { name: '@quorate/backend-postgres' },
  'packages/sim/package.json': { name: '@quorate/sim', dependencies: { '@quorate/core': '1.0.0' } },
};

const CORE = 'packages/core/src';

/** Each row: file, content, and what the one sentence about it must say. */
const FAULTS = [
  [
    `${CORE}/protocol/a.ts`,
    "import { x } from '../wire/x.ts';",
    /:1: \[protocol imports\] .*'\.\.\/wire\/x\.ts'/,
  ],
  [`${CORE}/protocol/a.ts`, "\nimport type { T } from '@quorate/wire';", /:2: \[protocol imports\]/],
  [`${CORE}/protocol/a.ts`, "const x = await import('node:fs');", /\[protocol imports\].*node:fs/],
  [`${CORE}/protocol/types.ts`, "import { x } from './replica.ts';", /\[vocabulary imports\]/],
  [`${CORE}/protocol/a.ts`, '// one\n\nconst at = Date.now();', /:3: \[protocol is pure\] 'Date'/],
  [`${CORE}/protocol/a.ts`, 'const at = new Date();', /'Date'/],
  [`${CORE}/synod/a.ts`, 'const dice = Math.random();', /\[synod is pure\] 'Math\.random'/],
  [`${CORE}/wire/a.ts`, 'const f = async () => 1;', /\[wire is pure\] 'async'/],
  [`${CORE}/wire/a.ts`, 'export async function f() {}', /'async'/],
  [`${CORE}/protocol/a.ts`, 'type T = Promise<void>;', /'Promise'/],
  [`${CORE}/protocol/a.ts`, 'const p = Promise.resolve(1);', /'Promise'/],
  ['packages/wire/src/a.ts', 'setTimeout(f, 1);', /\[packages\/wire is pure\] 'setTimeout'/],
  ['packages/wire/src/a.ts', "import { x } from 'node:zlib';", /\[packages\/wire imports\]/],
  [`${CORE}/wire/a.ts`, "export * from '../runtime/node.ts';", /\[wire imports\]/],
  [`${CORE}/ports/a.ts`, "import { step } from '../protocol/replica.ts';", /must not import .* as a value/],
  [`${CORE}/runtime/a.ts`, "import { x } from '../adapters/http/x.ts';", /\[runtime imports\]/],
  [`${CORE}/runtime/a.ts`, "import { WebSocket } from 'ws';", /\[runtime imports\] .*'ws'/],
  [`${CORE}/adapters/http/a.ts`, "import { x } from '../../runtime/x.ts';", /\[adapters imports\]/],
  [`${CORE}/config/a.ts`, "import { x } from '../runtime/x.ts';", /\[config imports\]/],
  [`${CORE}/testing/a.ts`, "import { x } from '../runtime/x.ts';", /\[testing imports\]/],
  [`${CORE}/elsewhere/a.ts`, 'export {};', /\[zone\] no rule covers this folder/],
  ['packages/client/src/a.ts', "import { x } from '@quorate/core';", /\[client imports\]/],
  ['packages/backend-kv/src/a.ts', "import { x } from '@quorate/core';", /\[backend imports\]/],
  ['packages/backend-kv/src/a.ts', "import { x } from '@quorate/core/testing';", /\[backend imports\]/],
  [
    'packages/backend-kv/test/a.ts',
    "import { x } from '@quorate/core/protocol';",
    /\[backend tests imports\]/,
  ],
  ['packages/sim/src/a.ts', "import { x } from '@quorate/core';", /\[sim imports\]/],
  ['packages/sim/src/a.ts', "import { x } from '@quorate/core/adapters';", /\[sim imports\]/],
  ['packages/sim/src/a.ts', "import { x } from '../../core/src/adapters/x.ts';", /\[own package\]/],
  [
    'packages/client/src/a.ts',
    "import { x } from 'left-pad';",
    /\[declared\] 'left-pad' is not in client\/package\.json/,
  ],
];

/** What must stay allowed, in particular words that only look forbidden. */
const FINE = {
  [`${CORE}/protocol/a.ts`]: [
    '// Date.now() and await are only words in a comment.',
    "import { compareBallots } from './ballot.ts';",
    "const text = 'await Promise.all(x)' + `async ${compareBallots.length} new Date()`;",
    'type Promise = { kind: string };',
    'const pattern = /Date.now()/;',
    'export type Message = Promise | { updated: Update };',
  ].join('\n'),
  [`${CORE}/ports/a.ts`]:
    "import type { Message } from '../protocol/message.ts';\nimport { asSlot } from '../protocol/types.ts';",
  [`${CORE}/runtime/a.ts`]: "import { step } from '../protocol/replica.ts';\nawait step(Date.now());",
  [`${CORE}/adapters/websocket/a.ts`]:
    "import { WebSocket } from 'ws';\nimport type { T } from '../../protocol/replica.ts';",
  [`${CORE}/index.ts`]: "export * from './runtime/node.ts';",
  'packages/backend-kv/src/a.ts': "import type { Backend } from '@quorate/core/ports';",
  'packages/backend-kv/test/a.ts':
    "import { it } from 'mocha';\nimport { suite } from '@quorate/core/testing';\nimport { kv } from '#src/index.ts';",
  'packages/sim/src/a.ts': "import { step } from '@quorate/core/protocol';",
};

describe('import boundaries', () => {
  for (const [file, text, expected] of FAULTS) {
    it(`refuses in ${file}: ${text.trim().replaceAll(/\s+/g, ' ')}`, () => {
      const { violations } = check({ [file]: text });
      assert.ok(
        violations.some((line) => line.startsWith(`${file}:`) && expected.test(line)),
        `expected ${expected} among ${JSON.stringify(violations)}`,
      );
    });
  }

  it('says what to do instead', () => {
    const { violations } = check({ 'packages/client/src/a.ts': "import { x } from '@quorate/core';" });
    assert.deepEqual(violations, [
      "packages/client/src/a.ts:1: [client imports] client must not import '@quorate/core'; " +
        'a client must install without the core and its native parts: share through @quorate/wire',
    ]);
  });

  it('refuses imports in a circle, and says the way round', () => {
    const { violations } = check({
      [`${CORE}/runtime/a.ts`]: "\nimport { b } from './b.ts';",
      [`${CORE}/runtime/b.ts`]: "const c = await import('#src/server/c.ts');",
      [`${CORE}/server/c.ts`]: "import { a } from '../runtime/a.ts';",
      [`${CORE}/runtime/d.ts`]: "import { a } from './a.ts';\nimport { d } from './d.ts';",
    });
    assert.deepEqual(
      violations.filter((line) => line.includes('[no cycles]')),
      [
        `${CORE}/runtime/a.ts:2: [no cycles] imports itself by way of b.ts -> ../server/c.ts -> a.ts; ` +
          'move what both need into a file of its own',
        `${CORE}/runtime/d.ts:2: [no cycles] imports itself by way of d.ts; move what both need into a file of its own`,
      ],
    );
  });

  it('lets types go round, and files that read what is recursive, as long as they keep to themselves', () => {
    const sql = 'packages/backend-postgres/src/sql';
    const inside = {
      [`${CORE}/runtime/a.ts`]: "import { b } from './b.ts';",
      [`${CORE}/runtime/b.ts`]: "import type { A } from './a.ts';",
      [`${sql}/examine-query.ts`]: "import { expression } from './examine-expression.ts';",
      [`${sql}/examine-expression.ts`]:
        "import { query } from './examine-query.ts';\nimport { s } from './scope.ts';",
      [`${sql}/scope.ts`]: 'export const s = 1;',
    };
    assert.deepEqual(check(inside).violations, []);
    const left = check({ ...inside, [`${sql}/scope.ts`]: "import { query } from './examine-query.ts';" });
    assert.deepEqual(
      left.violations.map((line) => line.slice(0, line.indexOf(']') + 1)),
      [`${sql}/scope.ts:1: [no cycles]`],
    );
  });

  it('accepts imports that point inward and harmless words', () => {
    assert.deepEqual(check(FINE), { fileCount: Object.keys(FINE).length, violations: [] });
  });
});

function check(files) {
  const root = mkdtempSync(join(tmpdir(), 'quorate-boundaries-'));
  try {
    const manifests = Object.entries(MANIFESTS).map(([path, manifest]) => [path, JSON.stringify(manifest)]);
    for (const [path, text] of [...manifests, ...Object.entries(files)]) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    return checkTree(root);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}
