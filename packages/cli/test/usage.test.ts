/**
 * Purpose: wrong use is answered in one line on standard error with exit code 2, trouble with its own code, and
 * standard output holds data only. No node runs here.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { quorate, spawnQuorate } from './helpers/run-quorate.ts';
import { TemporaryDirectory } from './helpers/temporary-directory.ts';

/** A port at which nobody listens: below the range of free ports and reserved. */
const NOBODY = '127.0.0.1:1';

type Row = {
  readonly args: readonly string[];
  readonly code: number;
  readonly stderr: string;
  readonly env?: Record<string, string>;
};

const ROWS: readonly Row[] = [
  {
    args: ['frob'],
    code: 2,
    stderr: "quorate: USAGE: unknown command 'frob'\n(quorate help lists the commands)\n",
  },
  { args: ['statsu'], code: 2, stderr: "quorate: USAGE: unknown command 'statsu'\n(Did you mean status?)\n" },
  { args: ['get'], code: 2, stderr: "quorate: USAGE: missing required argument 'key'\n" },
  {
    args: ['get', 'a', 'b'],
    code: 2,
    stderr: "quorate: USAGE: too many arguments for 'get'. Expected 1 argument but got 2.\n",
  },
  {
    args: ['get', 'a', '--consistancy', 'x'],
    code: 2,
    stderr: "quorate: USAGE: unknown option '--consistancy'\n(Did you mean --consistency?)\n",
  },
  {
    args: ['set', 'key', '--value'],
    code: 2,
    stderr: "quorate: USAGE: unknown option '--value'\n(a value that begins with a dash goes behind --)\n",
  },
  {
    args: ['status', '-w', 'xml'],
    code: 2,
    stderr:
      "quorate: USAGE: option '-w, --write-out <format>' argument 'xml' is invalid. Allowed choices are simple, table, json.\n",
  },
  {
    args: ['status'],
    env: { QUORATE_WRITE_OUT: 'xml' },
    code: 2,
    stderr:
      "quorate: USAGE: option '-w, --write-out <format>' value 'xml' from env 'QUORATE_WRITE_OUT' is invalid. Allowed choices are simple, table, json.\n",
  },
  {
    args: ['get', 'k', '--timeout', '5'],
    code: 2,
    stderr: 'quorate: ARGUMENT: --timeout: not a duration: "5"; write a number and a unit: 500ms, 2s, 1m\n',
  },
  {
    args: ['get', 'k', '--endpoints', 'here'],
    code: 2,
    stderr:
      'quorate: ARGUMENT: endpoint here: "here" is not an address; write host:port, such as 127.0.0.1:6660\n',
  },
  {
    args: ['get', 'k', '--timeout', '300ms', '--endpoints', NOBODY],
    code: 3,
    stderr: `quorate: CANNOT_CONNECT: no endpoint can be reached: ${NOBODY} (connection refused)\n`,
  },
  {
    args: ['get', 'k', '--timeout', '300ms'],
    env: { QUORATE_ENDPOINTS: NOBODY },
    code: 3,
    stderr: `quorate: CANNOT_CONNECT: no endpoint can be reached: ${NOBODY} (connection refused)\n`,
  },
  {
    args: ['start'],
    code: 1,
    stderr:
      'quorate: CONFIG_INVALID: there is no config.yaml in this directory\n    name the file with --config FILE, or the nodes with --addrs\n',
  },
  {
    args: ['up'],
    code: 1,
    stderr:
      'quorate: CONFIG_INVALID: there is no config.yaml in this directory\n    name the file with --config FILE, or try a throw-away cluster: quorate up --temporary\n',
  },
  {
    args: ['up', '--temporary', '--nodes', '10'],
    code: 2,
    stderr: 'quorate: ARGUMENT: --nodes: takes a number from 1 to 9, not "10"\n',
  },
  {
    args: ['start', '3', '--addrs', '127.0.0.1:2'],
    code: 2,
    stderr: 'quorate: ARGUMENT: 3 is not a node of this cluster\n    1  127.0.0.1:2\n',
  },
  {
    args: ['start', '1', '--addrs', '192.0.2.1:6660', '--insecure'],
    code: 1,
    stderr:
      'quorate: CONFIG_INVALID: flag --addrs: 192.0.2.1:6660 does not belong to this machine\n    start this node on the machine that has the address, or correct the list\n',
  },
  {
    args: ['start', '--addrs', '127.0.0.1:2,127.0.0.1:3'],
    code: 2,
    stderr:
      'quorate: ARGUMENT: 2 of the addresses belong to this machine: say which one\n    1  127.0.0.1:2\n    2  127.0.0.1:3\n',
  },
  { args: ['inspect', 'nowhere'], code: 2, stderr: 'quorate: ARGUMENT: there is no directory nowhere\n' },
  {
    args: ['inspect', process.execPath],
    code: 2,
    stderr: `quorate: ARGUMENT: ${process.execPath} is no directory; name that of a node, such as data/node-1\n`,
  },
  {
    args: ['config', 'check'],
    code: 1,
    stderr:
      'quorate: CONFIG_INVALID: there is no config.yaml in this directory\n    name the file with --config FILE\n',
  },
];

describe('wrong use and trouble', function () {
  this.timeout(30_000);
  const directory = new TemporaryDirectory();
  after(() => directory[Symbol.dispose]());

  for (const { args, code, stderr, env } of ROWS) {
    it(`quorate ${args.join(' ')}${env === undefined ? '' : ` with ${JSON.stringify(env)}`}`, async () => {
      const run = await quorate(args, { cwd: directory.path, ...(env === undefined ? {} : { env }) });
      assert.deepEqual(
        { code: run.code, stderr: run.stderr, stdout: run.stdout },
        { code, stderr, stdout: '' },
      );
    });
  }
});

describe('the command line without a node', function () {
  this.timeout(30_000);

  it('prints its version and its help to standard output', async () => {
    const version = await quorate(['--version']);
    assert.match(version.stdout, /^\d+\.\d+\.\d+\n$/);
    assert.equal(version.code, 0);
    const help = await quorate(['help', 'start']);
    assert.match(help.stdout, /^Usage: quorate start/);
    assert.equal(help.code, 0);
  });

  it('shows the help on standard error, as wrong use, when nothing is asked for', async () => {
    const run = await quorate([]);
    assert.equal(run.code, 2);
    assert.equal(run.stdout, '');
    assert.match(run.stderr, /^Usage: quorate/);
  });

  it('checks a file and shows the place of a mistake', async () => {
    using directory = new TemporaryDirectory();
    writeFileSync(directory.file('config.yaml'), 'addrs:\n  - 127.0.0.1:6660\nheartbeat: 5\n');
    const bad = await quorate(['config', 'check'], { cwd: directory.path });
    assert.equal(bad.code, 1);
    assert.equal(
      bad.stderr,
      'quorate: CONFIG_INVALID: config.yaml:3:1: heartbeat: unknown key\n    3 | heartbeat: 5\n      | ^\n    did you mean heartbeatMs?\n',
    );
    writeFileSync(directory.file('good.yaml'), 'addrs: [127.0.0.1:6660, localhost:6661]\n');
    const good = await quorate(['config', 'check', '-c', 'good.yaml', '-w', 'json'], { cwd: directory.path });
    assert.equal(good.code, 0);
    const { ok, nodes } = JSON.parse(good.stdout) as { ok: boolean; nodes: number };
    assert.deepEqual({ ok, nodes }, { ok: true, nodes: 2 });
  });

  it('refuses a name that nobody has, with its place', async () => {
    using directory = new TemporaryDirectory();
    writeFileSync(directory.file('config.yaml'), 'insecure: true\naddrs:\n  - no-such-host.invalid:6660\n');
    const run = await quorate(['config', 'check'], { cwd: directory.path });
    assert.equal(run.code, 1);
    assert.match(
      run.stderr,
      /^quorate: CONFIG_INVALID: config\.yaml:3:5: addrs\.0: no-such-host\.invalid is nobody's name/,
    );
  });

  it('prints every setting with its origin, and no passwords', async () => {
    using directory = new TemporaryDirectory();
    const options =
      'backendOptions:\n  url: postgres://me:hush@db/x\n  apiToken: hush\n  list: [{ password: hush }]\n';
    writeFileSync(directory.file('config.yaml'), `addrs: [127.0.0.1:6660]\nheartbeatMs: 50\n${options}`);
    const run = await quorate(['config', 'print', '--profile', '-w', 'json'], {
      cwd: directory.path,
      env: { QUORATE_WINDOW_SLOTS: '9' },
    });
    assert.equal(run.code, 0);
    const printed = JSON.parse(run.stdout) as Record<string, { value: unknown; origin: { kind: string } }>;
    assert.deepEqual(printed['heartbeatMs'], {
      value: 50,
      origin: { kind: 'file', file: 'config.yaml', line: 2, column: 1 },
    });
    assert.deepEqual(printed['windowSlots'], {
      value: 9,
      origin: { kind: 'environment', variable: 'QUORATE_WINDOW_SLOTS' },
    });
    assert.deepEqual(printed['profile'], { value: true, origin: { kind: 'flag', flag: '--profile' } });
    assert.deepEqual(printed['insecure'], { value: false, origin: { kind: 'default' } });
    assert.deepEqual(printed['backendOptions']?.value, {
      url: 'postgres://me:***@db/x',
      apiToken: '***',
      list: [{ password: '***' }],
    });
    const plain = await quorate(['config', 'print'], { cwd: directory.path });
    assert.match(plain.stdout, /^heartbeatMs +50 +config\.yaml:2$/m);
    assert.doesNotMatch(plain.stdout, /hush/);
  });

  it('prints the schema of the config file', async () => {
    const { properties } = JSON.parse((await quorate(['config', 'schema'])).stdout) as { properties: object };
    assert.ok('addrs' in properties && 'heartbeatMs' in properties);
  });

  it('says that nobody answers, as unhealthy', async () => {
    const run = await quorate(['status', '-w', 'json', '-e', `${NOBODY},127.0.0.1:2`]);
    assert.equal(run.code, 5);
    const nothing = {
      role: 'unreachable',
      ballot: null,
      learnedSlot: null,
      appliedSlot: null,
      pid: null,
      trouble: null,
    };
    assert.deepEqual(JSON.parse(run.stdout), {
      leader: null,
      quorum: false,
      nodes: [
        { id: 1, addr: NOBODY, ...nothing },
        { id: 2, addr: '127.0.0.1:2', ...nothing },
      ],
    });
  });

  for (const [args, fate] of [
    [['set', 'k', 'v'], 'the command was not executed'],
    [['get', 'k'], 'the read has no answer'],
  ] as const)
    it(`says what became of ${args[0]} when Ctrl-C ends it`, async () => {
      // Takes every connection and says nothing.
      const mute = createServer();
      mute.listen(0, '127.0.0.1');
      await once(mute, 'listening');
      const endpoint = `127.0.0.1:${(mute.address() as AddressInfo).port}`;
      const child = spawnQuorate([...args, '-e', endpoint]);
      const errors: Buffer[] = [];
      child.stderr?.on('data', (chunk: Buffer) => errors.push(chunk));
      const [socket] = (await once(mute, 'connection')) as [Socket];
      child.kill('SIGINT');
      const ended = (await once(child, 'close')) as [number | null];
      socket.destroy();
      mute.close();
      assert.deepEqual(
        { code: ended[0], errors: Buffer.concat(errors).toString() },
        { code: 130, errors: `quorate: ABORTED: the call was aborted; ${fate}\n` },
      );
    });

  it('ends quietly when the reader of its output is gone', async () => {
    const child = spawnQuorate(['repl', '-e', NOBODY]);
    const errors: Buffer[] = [];
    child.stderr?.on('data', (chunk: Buffer) => errors.push(chunk));
    child.stdout?.destroy();
    child.stdin?.on('error', () => undefined);
    child.stdin?.end('help\n'.repeat(2000));
    const [code] = (await once(child, 'close')) as [number | null];
    assert.deepEqual({ code, errors: Buffer.concat(errors).toString() }, { code: 0, errors: '' });
  });
});
