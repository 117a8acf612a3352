/** The examples of the README run as they stand and print what they say. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { World } from './world.ts';

const PACKAGE_DIR = fileURLToPath(new URL('..', import.meta.url));
const PROMISED = /\/\/ prints: (.*)$/gm;

const examples = [...readFileSync(`${PACKAGE_DIR}README.md`, 'utf8').matchAll(/```js\n(.*?)```/gs)].map(
  ([, code = '']) => ({ code, promised: [...code.matchAll(PROMISED)].map(([, line]) => line) }),
);

describe('the README', () => {
  let world: World;
  beforeEach(async () => {
    world = await World.start();
  });
  afterEach(() => world.stop());

  it('has examples that promise something', () => {
    assert.ok(examples.length >= 3);
    for (const { code, promised } of examples) assert.ok(promised.length > 0, code);
  });

  for (const [index, { code, promised }] of examples.entries()) {
    it(`example ${index + 1} prints what it promises`, async function () {
      this.timeout(20_000);
      // Node 20 does not know the statement yet; the example says so.
      const runnable = code.replaceAll('await using ', 'const ').concat('\nawait client.close();\n');
      const { stdout } = await promisify(execFile)(
        process.execPath,
        ['--input-type=module', '--eval', runnable],
        {
          cwd: PACKAGE_DIR,
          env: { ...process.env, QUORATE_ENDPOINTS: world.cluster.addrs.join(',') },
          timeout: 15_000,
        },
      );
      assert.deepEqual(stdout.trimEnd().split('\n'), promised);
    });
  }
});
