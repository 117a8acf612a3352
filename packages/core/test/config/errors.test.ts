/**
 * Purpose: every mistake in a config file is answered with the place, the line, a caret and what to do. Each row is
 * a file and the whole message it gets.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { QuorateError } from '@quorate/wire';
import { loadSettings } from '#src/config/index.ts';

type Row = {
  readonly what: string;
  readonly file: string;
  readonly message: string;
  readonly env?: Record<string, string>;
};

const ADDRS = 'addrs:\n  - 127.0.0.1:6660\n';

const ROWS: readonly Row[] = [
  {
    what: 'an unknown key that resembles a known one',
    file: `${ADDRS}heartbeetMs: 100\n`,
    message: `config.yaml:3:1: heartbeetMs: unknown key
    3 | heartbeetMs: 100
      | ^
    did you mean heartbeatMs?`,
  },
  {
    what: 'an unknown key that resembles nothing',
    file: `${ADDRS}colour: red\n`,
    message: `config.yaml:3:1: colour: unknown key
    3 | colour: red
      | ^
    known keys: addrs, cluster, backend, backendOptions, dataDir, heartbeatMs, electionTimeoutMs, windowSlots, maxCommandBytes, maxBatchBytes, journal, journalThread, shutdownTimeoutMs, profile, insecure`,
  },
  {
    what: 'another spelling of a known key',
    file: `${ADDRS}data_dir: /tmp\n`,
    message: `config.yaml:3:1: data_dir: unknown key
    3 | data_dir: /tmp
      | ^
    did you mean dataDir?`,
  },
  {
    what: 'a duration where the unit is in the key',
    file: `${ADDRS}heartbeatMs: 100ms\n`,
    message: `config.yaml:3:14: heartbeatMs: takes a whole number of milliseconds from 10 to 600000, not "100ms"
    3 | heartbeatMs: 100ms
      |              ^
    the unit is part of the key: write the number alone`,
  },
  {
    what: 'a number that is not whole',
    file: `${ADDRS}windowSlots: 2.5\n`,
    message: `config.yaml:3:14: windowSlots: takes a whole number of slots from 1 to 65536, not 2.5
    3 | windowSlots: 2.5
      |              ^`,
  },
  {
    what: 'a number out of range',
    file: `${ADDRS}maxCommandBytes: 4194305\n`,
    message: `config.yaml:3:18: maxCommandBytes: takes a whole number of bytes from 1024 to 4194304, not 4194305
    3 | maxCommandBytes: 4194305
      |                  ^`,
  },
  {
    what: 'a word that is not one of the choices',
    file: `${ADDRS}journalThread: wroker\n`,
    message: `config.yaml:3:16: journalThread: takes auto, main or worker, not "wroker"
    3 | journalThread: wroker
      |                ^
    did you mean worker?`,
  },
  {
    what: 'text where true or false is wanted',
    file: `${ADDRS}profile: yes\n`,
    message: `config.yaml:3:10: profile: takes true or false, not "yes"
    3 | profile: yes
      |          ^`,
  },
  {
    what: 'a key without a value',
    file: `${ADDRS}backend:\n`,
    message: `config.yaml:3:1: backend: takes a backend name or the path of a module, not nothing
    3 | backend:
      | ^`,
  },
  {
    what: 'two equal addresses',
    file: 'addrs:\n  - localhost:6660\n  - 127.0.0.1:6661\n  - LOCALHOST:6660\n',
    message: `config.yaml:4:5: addrs.2: localhost:6660 is already node 1
    4 |   - LOCALHOST:6660
      |     ^
    every node needs its own host:port`,
  },
  {
    what: 'two spellings of one IPv6 address',
    file: 'addrs: ["[::1]:6660", "[0:0:0::1]:6660"]\n',
    message: `config.yaml:1:23: addrs.1: [::1]:6660 is already node 1
    1 | addrs: ["[::1]:6660", "[0:0:0::1]:6660"]
      |                       ^
    every node needs its own host:port`,
  },
  {
    what: 'a port out of range',
    file: 'addrs:\n  - 127.0.0.1:66600\n',
    message: `config.yaml:2:5: addrs.0: "66600" is not a port; a port is a number from 1 to 65535
    2 |   - 127.0.0.1:66600
      |     ^`,
  },
  {
    what: 'an address without a port',
    file: 'addrs:\n  - 127.0.0.1\n',
    message: `config.yaml:2:5: addrs.0: "127.0.0.1" is not an address; write host:port, such as 127.0.0.1:6660
    2 |   - 127.0.0.1
      |     ^`,
  },
  {
    what: 'a port alone',
    file: 'addrs:\n  - 6660\n',
    message: `config.yaml:2:5: addrs.0: takes an address, not 6660
    2 |   - 6660
      |     ^
    write host:port, such as 127.0.0.1:6660`,
  },
  {
    what: 'a mistyped IPv4 address',
    file: 'addrs:\n  - 127.0.0.256:6660\n',
    message: `config.yaml:2:5: addrs.0: "127.0.0.256" is not a host name or an IP address
    2 |   - 127.0.0.256:6660
      |     ^`,
  },
  {
    what: "an address that is nobody's",
    file: 'addrs:\n  - 0.0.0.0:6660\n',
    message: `config.yaml:2:5: addrs.0: 0.0.0.0 is nobody's address: other nodes could not reach this node there
    2 |   - 0.0.0.0:6660
      |     ^`,
  },
  {
    what: 'an empty list of addresses',
    file: 'addrs: []\n',
    message: `config.yaml:1:8: addrs: the list is empty
    1 | addrs: []
      |        ^
    give every node an address, such as - 127.0.0.1:6660`,
  },
  {
    what: 'ten addresses',
    file: `addrs:\n${Array.from({ length: 10 }, (_, index) => `  - 127.0.0.1:${7000 + index}\n`).join('')}`,
    message: `config.yaml:2:3: addrs: at most 9 addresses
    2 |   - 127.0.0.1:7000
      |   ^
    more voters make a cluster slower, not safer`,
  },
  {
    what: 'one address instead of a list',
    file: 'addrs: 127.0.0.1:6660\n',
    message: `config.yaml:1:8: addrs: takes a list of addresses, not "127.0.0.1:6660"
    1 | addrs: 127.0.0.1:6660
      |        ^
    write one "- host:port" per line`,
  },
  {
    what: 'no addresses',
    file: 'backend: kv\n',
    message: `config.yaml:1:1: addrs: the key is missing
    1 | backend: kv
      | ^
    list the address of every node: addrs: [127.0.0.1:6660, 127.0.0.1:6661, 127.0.0.1:6662]`,
  },
  {
    what: 'an empty file',
    file: '',
    message: `config.yaml:1:1: addrs: the key is missing
    1 | 
      | ^
    list the address of every node: addrs: [127.0.0.1:6660, 127.0.0.1:6661, 127.0.0.1:6662]`,
  },
  {
    what: 'something that is no list of keys',
    file: '- 127.0.0.1:6660\n',
    message: `config.yaml:1:1: a list of "key: value" lines is expected, not a list
    1 | - 127.0.0.1:6660
      | ^`,
  },
  {
    what: 'an address that other machines reach',
    file: 'addrs:\n  - 127.0.0.1:6660\n  - 10.0.0.7:6660\n',
    message: `config.yaml:3:5: addrs.1: 10.0.0.7:6660 can be reached from other machines
    3 |   - 10.0.0.7:6660
      |     ^
    nothing is encrypted or authenticated yet, so whoever reaches the port can read and write everything: use a loopback address, or set insecure: true in a network that you trust`,
  },
  {
    what: 'an election timeout that is too short for the heartbeat',
    file: `${ADDRS}heartbeatMs: 200\nelectionTimeoutMs: 500\n`,
    message: `config.yaml:4:20: electionTimeoutMs: an election timeout of 500 ms is less than three heartbeats of 200 ms
    4 | electionTimeoutMs: 500
      |                    ^
    one lost heartbeat would start an election: set electionTimeoutMs to at least 600`,
  },
  {
    what: 'a heartbeat that is too long for the default election timeout',
    file: `${ADDRS}heartbeatMs: 400\n`,
    message: `config.yaml:3:14: heartbeatMs: an election timeout of 1000 ms is less than three heartbeats of 400 ms
    3 | heartbeatMs: 400
      |              ^
    one lost heartbeat would start an election: set electionTimeoutMs to at least 1200`,
  },
  {
    what: 'a batch that cannot hold a command',
    file: `${ADDRS}maxBatchBytes: 2048\n`,
    message: `config.yaml:3:16: maxBatchBytes: a batch of 2048 bytes cannot hold a command of 1048576 bytes
    3 | maxBatchBytes: 2048
      |                ^
    set maxBatchBytes to at least 1048576`,
  },
  {
    what: 'a key given twice',
    file: `${ADDRS}backend: kv\nbackend: kv\n`,
    message: `config.yaml:4:1: not valid YAML: Map keys must be unique
    4 | backend: kv
      | ^
    keep one of them`,
  },
  {
    what: 'a second document',
    file: `${ADDRS}---\ncluster: another\n`,
    message: `config.yaml:3:1: a second document begins here
    3 | ---
      | ^
    the settings are one document: remove the --- and what follows it`,
  },
  {
    what: 'an address with a scheme',
    file: 'addrs:\n  - http://127.0.0.1:6660\n',
    message: `config.yaml:2:5: addrs.0: "http://127.0.0.1:6660" is not an address; write host:port without http://
    2 |   - http://127.0.0.1:6660
      |     ^`,
  },
  {
    what: 'a tab as indentation',
    file: 'addrs:\n\t- 127.0.0.1:6660\n',
    message: `config.yaml:2:1: not valid YAML: Tabs are not allowed as indentation
    2 | \t- 127.0.0.1:6660
      | ^
    indent with spaces`,
  },
  {
    what: 'an undefined environment variable',
    file: 'addrs:\n  - "${QUORATE_TEST_NOWHERE}:6660"\n',
    message: `config.yaml:2:5: the environment variable QUORATE_TEST_NOWHERE is not set
    2 |   - "\${QUORATE_TEST_NOWHERE}:6660"
      |     ^
    set the variable, or write $\${ for a plain \${`,
  },
  {
    what: 'several mistakes, in the order in which they stand there',
    file: `backnd: kv\n${ADDRS}windowSlots: 0\n`,
    message: `config.yaml:1:1: backnd: unknown key
    1 | backnd: kv
      | ^
    did you mean backend?
config.yaml:4:14: windowSlots: takes a whole number of slots from 1 to 65536, not 0
    4 | windowSlots: 0
      |              ^`,
  },
  {
    what: 'a bad value in the environment',
    file: ADDRS,
    env: { QUORATE_WINDOW_SLOTS: 'many' },
    message: 'environment QUORATE_WINDOW_SLOTS: takes a whole number of slots from 1 to 65536, not "many"',
  },
  {
    what: 'a rule broken by the environment',
    file: ADDRS,
    env: { QUORATE_ELECTION_TIMEOUT_MS: '300', QUORATE_HEARTBEAT_MS: '150ms' },
    message: `environment QUORATE_ELECTION_TIMEOUT_MS: an election timeout of 300 ms is less than three heartbeats of 150 ms
    one lost heartbeat would start an election: set electionTimeoutMs to at least 450`,
  },
  {
    what: 'an alias inside its own anchor',
    file: `${ADDRS}backendOptions: &me\n  again: *me\n`,
    message: `config.yaml: an alias stands inside its own anchor
    write the value out instead of using an alias`,
  },
  ...[101, 2000].map((levels) => ({
    what: `values nested ${levels} levels deep`,
    file: `${ADDRS}backendOptions: ${'['.repeat(levels)}${']'.repeat(levels)}\n`,
    message: 'config.yaml is nested more than 100 levels deep',
  })),
];

describe('config errors', () => {
  let directory = '';
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'quorate-config-'));
  });
  after(() => {
    rmSync(directory, { recursive: true });
  });

  for (const row of ROWS) {
    it(`refuses ${row.what}`, async () => {
      writeFileSync(join(directory, 'config.yaml'), row.file);
      const error = await refusalOf(
        loadSettings({ file: 'config.yaml', cwd: directory, env: row.env ?? {}, flags: {} }),
      );
      assert.equal(error.code, 'CONFIG_INVALID');
      assert.equal(error.message, row.message);
    });
  }

  it('says that a file is not there', async () => {
    const error = await refusalOf(loadSettings({ file: 'nowhere.yaml', cwd: directory, env: {}, flags: {} }));
    assert.equal(
      error.message,
      'cannot read nowhere.yaml: no such file or directory\n    name the file with --config FILE',
    );
  });

  it('calls a bad flag wrong use of the command line', async () => {
    const error = await refusalOf(loadSettings({ env: {}, flags: { addrs: '127.0.0.1:6660,127.0.0.1' } }));
    assert.equal(error.code, 'ARGUMENT');
    assert.equal(
      error.message,
      'flag --addrs: "127.0.0.1" is not an address; write host:port, such as 127.0.0.1:6660',
    );
  });

  it('keeps the place in the details, for programs', async () => {
    writeFileSync(join(directory, 'config.yaml'), `${ADDRS}heartbeetMs: 100\n`);
    const error = await refusalOf(loadSettings({ file: 'config.yaml', cwd: directory, env: {}, flags: {} }));
    assert.deepEqual(error.details, { file: 'config.yaml', line: 3, column: 1 });
  });
});

async function refusalOf(loading: Promise<unknown>): Promise<QuorateError> {
  try {
    await loading;
  } catch (error) {
    assert.ok(error instanceof QuorateError, String(error));
    return error;
  }
  throw new Error('the settings were accepted');
}
