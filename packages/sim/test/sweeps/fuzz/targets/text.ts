/** Decoders of what people type: config files, addresses, durations, lines of commands; and greetings between nodes. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { KvBackend, kvCommand } from '@quorate/backend-kv';
import { loadSettings, parseAddress, parseDuration } from '@quorate/core/config';
import { quoteWord, splitWords } from '@quorate/core/ports';
import { type CommandInput, decodeUtf8, encodeArguments, encodeUtf8, equalBytes } from '@quorate/wire';
import { type FuzzTarget, judgeStable, refusalCode } from '../fuzz-target.ts';
import { type Greeting, loadGreetings } from './core-internals.ts';

const CONFIG = `# a cluster of three
addrs: [127.0.0.1:6660, "localhost:6661", '[::1]:6662']
cluster: test
backend: kv
dataDir: \${DATA}/here
electionTimeoutMs: 1500
`;
const CONFIGS = [
  CONFIG,
  'addrs:\n  - 127.0.0.1:6660\n',
  'addrs: &a [127.0.0.1:1]\nbackendOptions: {x: *a, y: {z: [1, 2.5, null]}}\n',
  'addrs: [127.0.0.1:6660]\n# \u00fc \u{1f600}\n',
];

const COMMANDS = [
  'SET key value',
  'get "a \\x41 b"',
  "DEL 'it is'",
  'SET {"a":1} \u00fc\u{1f600}',
  '  SET\ta\n""  ',
];

/** `directory`: where config files are written to be read. */
export async function textTargets(directory: string): Promise<readonly FuzzTarget[]> {
  return [
    await greetings(),
    kvText(),
    kvArguments(),
    words(),
    configFiles(directory),
    addresses(),
    durations(),
  ];
}

async function greetings(): Promise<FuzzTarget> {
  const codec = await loadGreetings();
  const hello = {
    kind: 'hello',
    versions: { min: 1, max: 4 },
    clusterId: 'cluster',
    genesisDigest: 'digest',
    from: 1,
    to: 2,
    storageId: 'a'.repeat(32),
    incarnation: 3,
    lane: 'bulk',
    groups: 1,
    processNonce: 'nonce',
    attempt: 9,
    backend: [['version', '15']],
  };
  const encode = (greeting: Greeting): Uint8Array => {
    if (greeting.kind === 'hello') return codec.encodeHello(greeting);
    // A code that this build does not know is read as none, and has no spelling of its own.
    if (greeting.kind === 'reject') return codec.encodeReject(greeting.code ?? 'STOPPING', greeting.message);
    return codec.encodeReady();
  };
  return {
    name: 'greetings',
    corpus: [
      codec.encodeHello(hello),
      codec.encodeHello({ ...hello, lane: 'control' }),
      codec.encodeReject('WIRE_VERSION', 'too old'),
      codec.encodeReady(),
    ],
    judge: (bytes) => judgeStable(bytes, (input) => codec.decodeGreeting(input), encode),
    share: 200,
  };
}

/** A command that was parsed encodes to bytes that decode to it; everything else is an error for people. */
function judgeCommand(kv: KvBackend, input: CommandInput): string | undefined {
  if (kv.explain(input).includes('\n')) throw new Error('explain gives more than one line');
  const parsed = kv.parse(input);
  if (!parsed.ok) return parsed.error === '' ? undefined : 'PARSE';
  const bytes = kv.encode(parsed.command);
  if (!equalBytes(kv.decode(bytes), parsed.command)) throw new Error('decoding gives another command');
  if (kv.admit(bytes) !== parsed.access) throw new Error('the short cut says something else than parsing');
  return undefined;
}

function kvText(): FuzzTarget {
  const kv = new KvBackend();
  return {
    name: 'kv-text',
    corpus: COMMANDS.map(encodeUtf8),
    judge: (bytes) => judgeCommand(kv, { form: 'text', text: decodeUtf8(bytes) }),
    share: 200,
  };
}

function kvArguments(): FuzzTarget {
  const kv = new KvBackend();
  const key = encodeUtf8('key');
  return {
    name: 'kv-arguments',
    corpus: [
      kvCommand('SET', key, new Uint8Array(40)),
      kvCommand('GET', key),
      kvCommand('DEL', key),
      encodeArguments([encodeUtf8('set'), key, key]),
    ],
    judge: (bytes) => judgeCommand(kv, { form: 'arguments', bytes }),
    share: 300,
  };
}

/** Words that were split and quoted again are the same words. */
function words(): FuzzTarget {
  return {
    name: 'words',
    corpus: COMMANDS.map(encodeUtf8),
    judge: (bytes) => {
      const split = splitWords(decodeUtf8(bytes));
      if (!split.ok) return 'PARSE';
      const again = splitWords(split.words.map(quoteWord).join(' '));
      const isSame =
        again.ok &&
        again.words.length === split.words.length &&
        again.words.every((word, index) => equalBytes(word, split.words[index] ?? new Uint8Array(0)));
      if (!isSame) throw new Error('quoted again they are other words');
      return undefined;
    },
    share: 200,
  };
}

function configFiles(directory: string): FuzzTarget {
  const file = join(directory, 'config.yaml');
  return {
    name: 'config',
    corpus: CONFIGS.map(encodeUtf8),
    judge: async (bytes) => {
      writeFileSync(file, bytes);
      try {
        await loadSettings({ file, env: { DATA: '/data' }, flags: {} });
        return undefined;
      } catch (error) {
        return refusalCode(error, 'usage');
      }
    },
    share: 10,
  };
}

function addresses(): FuzzTarget {
  return {
    name: 'addresses',
    corpus: ['127.0.0.1:6660', '[::1]:1', 'node-1.example:65535', '[fe80::1%eth0]:7'].map(encodeUtf8),
    judge: (bytes) => {
      const parsed = parseAddress(decodeUtf8(bytes));
      if (!parsed.ok) return 'CONFIG_INVALID';
      const again = parseAddress(parsed.address.text);
      if (!again.ok || again.address.text !== parsed.address.text)
        throw new Error(`${parsed.address.text} is not its own spelling`);
      return undefined;
    },
    share: 200,
  };
}

function durations(): FuzzTarget {
  return {
    name: 'durations',
    corpus: ['500ms', '2s', '1.5m', '1h'].map(encodeUtf8),
    judge: (bytes) => {
      try {
        const durationMs = parseDuration(decodeUtf8(bytes));
        if (!Number.isSafeInteger(durationMs) || durationMs < 1)
          throw new Error(`${durationMs} is no duration`);
        return undefined;
      } catch (error) {
        return refusalCode(error, 'usage');
      }
    },
    share: 100,
  };
}
