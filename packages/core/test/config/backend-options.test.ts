/** Every node gets its own part of `backendOptions`, and nobody gets to see a password. */
import assert from 'node:assert/strict';
import { hideSecrets, loadSettings, maskSecrets, settingsOfNode } from '#src/config/index.ts';

const settingsWith = (options: unknown): ReturnType<typeof loadSettings> =>
  loadSettings({
    env: {},
    flags: { addrs: '127.0.0.1:1,127.0.0.1:2,127.0.0.1:3', backendOptions: JSON.stringify(options) },
  });

describe('the backend options of a node', () => {
  it('are its entry of each list, and all that is no list', async () => {
    const settings = await settingsWith({ url: ['a', 'b', 'c'], limit: 5, deep: { list: [1, 2] } });
    assert.deepEqual(
      [1, 2, 3].map((node) => settingsOfNode(settings, node).backendOptions),
      ['a', 'b', 'c'].map((url) => ({ url, limit: 5, deep: { list: [1, 2] } })),
    );
  });

  it('are left alone when they are no map', async () => {
    for (const options of [[1, 2], 'text', 7]) {
      const settings = await settingsWith(options);
      assert.deepEqual(settingsOfNode(settings, 2).backendOptions, options);
    }
  });

  it('are refused when a list has another length than addrs', async () => {
    const settings = await settingsWith({ url: ['a', 'b'] });
    assert.throws(() => settingsOfNode(settings, 1), /a list of 2 for 3 nodes\n.*one entry for each node/);
  });
});

describe('secrets', () => {
  for (const [text, shown] of [
    ['cannot reach postgres://me:hush@db/x now', 'cannot reach postgres://me:***@db/x now'],
    ['redis://:hush/with@signs@db:6379', 'redis://:***@db:6379'],
    ['postgres://db/x?user=me&password=hush&ssl=1', 'postgres://db/x?user=me&password=***&ssl=1'],
    ['host=db password=hush dbname=x', 'host=db password=*** dbname=x'],
    ['PARSE: unknown token: frob', 'PARSE: unknown token: frob'],
    ['no secret at http://127.0.0.1:6660/status', 'no secret at http://127.0.0.1:6660/status'],
  ] as const) {
    it(`are masked in ${JSON.stringify(shown)}`, () => assert.equal(maskSecrets(text), shown));
  }

  it('are masked wherever data holds them', () => {
    const data = { url: ['a://b:hush@c'], apiToken: 'hush', deep: [{ password: ['hush'] }], n: 1 };
    assert.doesNotMatch(JSON.stringify(hideSecrets(data)), /hush/);
  });
});
