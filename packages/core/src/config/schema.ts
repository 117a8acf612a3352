/**
 * What each key of `config.yaml` may hold, said once: checked here for every source (file, environment, flags), and
 * exported as JSON Schema for editors.
 *
 * Owns the bounds of single keys and the words in which a bad value is refused. Leaves to others: rules between keys
 * (`load.ts`), positions (`source.ts`), text to values (`from-text.ts`).
 */
import { z } from 'zod';
import { parseAddress } from './address.ts';
import { nearestWord } from './nearest.ts';
import { SETTING_KEYS, type SettingKey } from './settings.ts';

export const MAX_ADDRS = 9;
export const MIN_HEARTBEAT_MS = 10;
export const MIN_ELECTION_TIMEOUT_MS = 300;
const MAX_TIME_MS = 600_000;
const MAX_WINDOW_SLOTS = 65_536;
export const MAX_COMMAND_BYTES: number = 4 * 1024 * 1024;
/** Two of them and a largest command are still one frame between two nodes (MAX_PEER_FRAME_BYTES). */
const MAX_BATCH_BYTES = 4 * 1024 * 1024;
const MAX_CLUSTER_NAME_CHARS = 128;

/** A refused value: where below the key, what is wrong, what to do. */
export type ValueProblem = {
  readonly path: readonly (string | number)[];
  readonly what: string;
  readonly hint: string | undefined;
};

export type Checked =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly problems: readonly ValueProblem[] };

const address = z
  .string({
    error: ({ input }) => `takes an address, not ${show(input)}\nwrite host:port, such as 127.0.0.1:6660`,
  })
  .transform((text, context) => {
    const parsed = parseAddress(text);
    if (parsed.ok) return parsed.address.text;
    context.addIssue({ code: 'custom', message: parsed.problem });
    return z.NEVER;
  })
  .meta({ description: 'host:port, such as 127.0.0.1:6660' });

const addrs = z
  .array(address, {
    error: ({ input }) => `takes a list of addresses, not ${show(input)}\nwrite one "- host:port" per line`,
  })
  .superRefine((list, context) => {
    const complain = (message: string): void => context.addIssue({ code: 'custom', message });
    if (list.length === 0)
      complain('the list is empty\ngive every node an address, such as - 127.0.0.1:6660');
    if (list.length > MAX_ADDRS)
      complain(`at most ${MAX_ADDRS} addresses\nmore voters make a cluster slower, not safer`);
    list.forEach((text, index) => {
      const first = list.indexOf(text);
      if (first === index) return;
      const message = `${text} is already node ${first + 1}\nevery node needs its own host:port`;
      context.addIssue({ code: 'custom', path: [index], message });
    });
  })
  .meta({ minItems: 1, maxItems: MAX_ADDRS, uniqueItems: true });

const SCHEMAS = {
  addrs: addrs.describe('Address of every node; the position in the list is the number of the node.'),
  cluster: text('a name', MAX_CLUSTER_NAME_CHARS).describe('Name of the cluster; part of its identity.'),
  backend: text('a backend name or the path of a module', 4096).describe(
    'kv, or a package, or the path of a module.',
  ),
  backendOptions: z.unknown().describe('Handed to the backend as it stands.'),
  dataDir: text('a directory', 4096).describe('Where the nodes keep their data, each in node-N below it.'),
  heartbeatMs: whole('milliseconds', MIN_HEARTBEAT_MS, MAX_TIME_MS).describe(
    'Time between heartbeats of a leader.',
  ),
  electionTimeoutMs: whole('milliseconds', MIN_ELECTION_TIMEOUT_MS, MAX_TIME_MS).describe(
    'Silence after which a follower looks for a new leader; at least three heartbeats.',
  ),
  windowSlots: whole('slots', 1, MAX_WINDOW_SLOTS).describe('How many slots a leader may propose ahead.'),
  maxCommandBytes: whole('bytes', 1024, MAX_COMMAND_BYTES).describe('Larger commands are refused.'),
  maxBatchBytes: whole('bytes', 1024, MAX_BATCH_BYTES).describe('Size at which a batch is cut.'),
  journal: z
    .enum(['segments', 'sqlite'], {
      error: ({ input }) =>
        `takes segments or sqlite, not ${show(input)}${suggestion(input, ['segments', 'sqlite'])}`,
    })
    .describe('How the journal is kept; a directory keeps its kind.'),
  journalThread: z
    .enum(['auto', 'main', 'worker'], {
      error: ({ input }) =>
        `takes auto, main or worker, not ${show(input)}${suggestion(input, ['auto', 'main', 'worker'])}`,
    })
    .describe('Where a journal in SQLite flushes; auto measures the disk.'),
  shutdownTimeoutMs: whole('milliseconds', 100, MAX_TIME_MS).describe(
    'Longest that a graceful stop may take.',
  ),
  profile: flag().describe('Write a CPU profile into the directory of the node at stop.'),
  insecure: flag().describe('Listen beyond loopback without encryption and authentication.'),
} as const satisfies Record<SettingKey, z.ZodType>;

const FILE = z.strictObject(SCHEMAS).partial();

/** Checks one value of one key, for instance from the environment. */
export function checkValue(key: SettingKey, value: unknown): Checked {
  const result = SCHEMAS[key].safeParse(value);
  return result.success
    ? { ok: true, value: result.data }
    : { ok: false, problems: result.error.issues.flatMap(problemsOf) };
}

/** Checks everything a file may hold. The value is a record of the keys that were there. */
export function checkFile(value: unknown): Checked {
  const result = FILE.safeParse(value, {
    error: () => `a list of "key: value" lines is expected, not ${show(value)}`,
  });
  return result.success
    ? { ok: true, value: result.data }
    : { ok: false, problems: result.error.issues.flatMap(problemsOf) };
}

/** For editors: `# yaml-language-server: $schema=...`. */
export function settingsJsonSchema(): unknown {
  return z.toJSONSchema(FILE, { io: 'input', unrepresentable: 'any' });
}

function problemsOf(issue: z.core.$ZodIssue): ValueProblem[] {
  const path = issue.path.filter((part) => typeof part !== 'symbol');
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey([...path, key], key));
  const [what = '', hint] = issue.message.split('\n');
  return [{ path, what, hint }];
}

function unknownKey(path: readonly (string | number)[], key: string): ValueProblem {
  const nearest = nearestWord(key, SETTING_KEYS);
  const hint = nearest === undefined ? `known keys: ${SETTING_KEYS.join(', ')}` : `did you mean ${nearest}?`;
  return { path, what: 'unknown key', hint };
}

function text(what: string, maxChars: number): z.ZodString {
  const error = ({ input }: { readonly input?: unknown }): string => `takes ${what}, not ${show(input)}`;
  return z
    .string({ error })
    .min(1, { error: `takes ${what}, not an empty text` })
    .max(maxChars, { error: `at most ${maxChars} characters` });
}

function flag(): z.ZodBoolean {
  return z.boolean({ error: ({ input }) => `takes true or false, not ${show(input)}` });
}

function whole(unit: string, min: number, max: number): z.ZodNumber {
  const error = ({ input }: { readonly input?: unknown }): string =>
    `takes a whole number of ${unit} from ${min} to ${max}, not ${show(input)}${unitHint(input)}`;
  return z.number({ error }).int({ error, abort: true }).min(min, { error }).max(max, { error });
}

function unitHint(input: unknown): string {
  return typeof input === 'string' && /^\d+\s*[a-zA-Z]+$/.test(input)
    ? '\nthe unit is part of the key: write the number alone'
    : '';
}

function suggestion(input: unknown, words: readonly string[]): string {
  const nearest = typeof input === 'string' ? nearestWord(input, words) : undefined;
  return nearest === undefined ? '' : `\ndid you mean ${nearest}?`;
}

function show(input: unknown): string {
  if (input === null || input === undefined) return 'nothing';
  if (Array.isArray(input)) return 'a list';
  if (typeof input === 'object') return 'a map of keys';
  const shown = JSON.stringify(input) ?? typeof input;
  return shown.length > 60 ? `${shown.slice(0, 57)}...` : shown;
}
