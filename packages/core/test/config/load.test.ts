/**
 * Purpose: settings come from default, file, environment and flags in this order, keep where they came from, and
 * relative paths count from the place where they were written.
 */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  clusterIdOf,
  configFileSchema,
  DEFAULT_SETTINGS,
  describeOrigin,
  environmentNameOf,
  flagNameOf,
  genesisDigestOf,
  loadSettings,
  parseDuration,
  SETTING_KEYS,
} from '#src/config/index.ts';
import { nearestWord } from '#src/config/nearest.ts';

describe('settings', () => {
  let directory = '';
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'quorate-config-'));
    mkdirSync(join(directory, 'etc'));
  });
  after(() => {
    rmSync(directory, { recursive: true });
  });

  const load = (
    text: string,
    env: Record<string, string> = {},
    flags: Record<string, string | boolean> = {},
  ) => {
    writeFileSync(join(directory, 'etc/config.yaml'), text);
    return loadSettings({ file: 'etc/config.yaml', cwd: directory, env, flags });
  };

  it('are the defaults without any source', async () => {
    const { origins, source, ...values } = await loadSettings({ cwd: directory, env: {}, flags: {} });
    assert.deepEqual(values, { ...DEFAULT_SETTINGS, dataDir: join(directory, 'data') });
    assert.equal(source, undefined);
    assert.ok(Object.values(origins).every(({ kind }) => kind === 'default'));
  });

  it('let a flag win over the environment, that over the file, and that over the default', async () => {
    const text = 'addrs: [127.0.0.1:1]\nheartbeatMs: 11\nelectionTimeoutMs: 2001\nwindowSlots: 3\n';
    const env = { QUORATE_HEARTBEAT_MS: '12', QUORATE_ELECTION_TIMEOUT_MS: '2s', QUORATE_WINDOW_SLOTS: '' };
    const settings = await load(text, env, { heartbeatMs: '13ms' });
    assert.deepEqual(
      [settings.heartbeatMs, settings.electionTimeoutMs, settings.windowSlots, settings.profile],
      [13, 2000, 3, false],
    );
    const origins = [
      settings.origins.heartbeatMs,
      settings.origins.electionTimeoutMs,
      settings.origins.windowSlots,
      settings.origins.profile,
    ];
    assert.deepEqual(origins.map(describeOrigin), [
      'flag --heartbeat-ms',
      'environment QUORATE_ELECTION_TIMEOUT_MS',
      'etc/config.yaml:4',
      'default',
    ]);
  });

  it('count relative paths from where they were written', async () => {
    const text = 'addrs: [127.0.0.1:1]\nbackend: ./mine.mjs\n';
    assert.equal((await load(text)).dataDir, join(directory, 'etc/data'));
    assert.equal((await load(`${text}dataDir: ../d\n`)).dataDir, join(directory, 'd'));
    assert.equal((await load(text, { QUORATE_DATA_DIR: 'd' })).dataDir, join(directory, 'd'));
    assert.equal((await load(text, {}, { dataDir: 'e' })).dataDir, join(directory, 'e'));
    assert.equal((await load(text)).backend, join(directory, 'etc/mine.mjs'));
    assert.equal((await load(text, { QUORATE_BACKEND: 'kv' })).backend, 'kv');
  });

  it('take text from the environment, and numbers where nothing is quoted', async () => {
    const text =
      'addrs: ["${HOST}:6660"]\nwindowSlots: ${N}\nbackendOptions:\n  a: "${N}"\n  b: $${N}\n  c: x${N}y\ncluster: "${N}"\n';
    const settings = await load(text, { HOST: 'LocalHost', N: '7' });
    assert.deepEqual(settings.addrs, ['localhost:6660']);
    assert.equal(settings.windowSlots, 7);
    assert.equal(settings.cluster, '7');
    assert.deepEqual(settings.backendOptions, { a: '7', b: '${N}', c: 'x7y' });
  });

  it('never read structure out of the environment', async () => {
    const settings = await load('addrs: [127.0.0.1:1]\ncluster: ${NAME}\n', { NAME: 'x\nprofile: true' });
    assert.equal(settings.cluster, 'x\nprofile: true');
    assert.equal(settings.profile, false);
  });

  it('take lists, switches and JSON as text', async () => {
    const env = {
      QUORATE_ADDRS: '127.0.0.1:1, [::1]:2,',
      QUORATE_PROFILE: 'yes',
      QUORATE_BACKEND_OPTIONS: '{"a":[1]}',
    };
    const settings = await loadSettings({ cwd: directory, env, flags: { insecure: true } });
    assert.deepEqual(settings.addrs, ['127.0.0.1:1', '[::1]:2']);
    assert.deepEqual(
      [settings.profile, settings.insecure, settings.backendOptions],
      [true, true, { a: [1] }],
    );
  });

  it('raise the batch with the command', async () => {
    assert.equal((await load('addrs: [127.0.0.1:1]\nmaxCommandBytes: 4194304\n')).maxBatchBytes, 4_194_304);
  });

  it('allow other machines when told so', async () => {
    assert.deepEqual((await load('addrs: [10.0.0.7:1, node-2.example:1]\ninsecure: true\n')).addrs, [
      '10.0.0.7:1',
      'node-2.example:1',
    ]);
  });

  it('have one name per key in every source', () => {
    assert.equal(environmentNameOf('electionTimeoutMs'), 'QUORATE_ELECTION_TIMEOUT_MS');
    assert.equal(flagNameOf('backendOptions'), '--backend-options');
    assert.equal(new Set(SETTING_KEYS.map(environmentNameOf)).size, Object.keys(DEFAULT_SETTINGS).length);
  });

  it('are described by a JSON schema that names every key and allows no other', async () => {
    const schema = (await configFileSchema()) as {
      properties: Record<string, unknown>;
      additionalProperties: boolean;
    };
    assert.deepEqual(Object.keys(schema.properties), [...SETTING_KEYS]);
    assert.equal(schema.additionalProperties, false);
  });
});

describe('the identity of a cluster', () => {
  const addrs = ['b:1', 'a:1', 'c:1'];

  it('does not depend on the order of the addresses', () => {
    assert.equal(
      clusterIdOf({ addrs, cluster: 'x' }),
      clusterIdOf({ addrs: addrs.toReversed(), cluster: 'x' }),
    );
    assert.match(clusterIdOf({ addrs, cluster: undefined }), /^[0-9a-f]{32}$/);
  });

  it('depends on the name and on every address', () => {
    const ids = [
      clusterIdOf({ addrs, cluster: undefined }),
      clusterIdOf({ addrs, cluster: 'x' }),
      clusterIdOf({ addrs, cluster: 'a:1' }),
      clusterIdOf({ addrs: addrs.slice(1), cluster: undefined }),
    ];
    assert.equal(new Set(ids).size, ids.length);
  });

  it('has a digest of the order beside it', () => {
    assert.notEqual(genesisDigestOf({ addrs }), genesisDigestOf({ addrs: addrs.toReversed() }));
    assert.equal(genesisDigestOf({ addrs }), genesisDigestOf({ addrs: [...addrs] }));
  });
});

describe('durations', () => {
  for (const [text, ms] of [
    ['500ms', 500],
    ['2s', 2000],
    ['1.5s', 1500],
    ['3m', 180_000],
    ['1h', 3_600_000],
    [' 7ms ', 7],
  ] as const) {
    it(`read ${JSON.stringify(text)}`, () => assert.equal(parseDuration(text), ms));
  }
  for (const text of ['', '5', '5 s', 's', '-1s', '0ms', '1d', '1e3s', '100000h', '1s1s']) {
    it(`refuse ${JSON.stringify(text)}`, () =>
      assert.throws(() => parseDuration(text, '--timeout'), /^QuorateError: --timeout: /));
  }
});

describe('the nearest word', () => {
  const words = ['get', 'set', 'status', 'dataDir'];
  for (const [typed, found] of [
    ['gte', undefined],
    ['gett', 'get'],
    ['STATUS', 'status'],
    ['data-dir', 'dataDir'],
    ['xyz', undefined],
  ] as const) {
    it(`to ${typed} is ${found ?? 'none'}`, () => assert.equal(nearestWord(typed, words), found));
  }
});
