/**
 * Settings from all their sources: default < config file < environment (`QUORATE_...`) < flags. Each value keeps
 * where it came from, and everything that is wrong is reported at once, with its place in the file.
 *
 * Owns: the order of the sources, paths relative to the file, rules between keys. Leaves to others: single keys
 * (`schema.ts`), the file format (`yaml-file.ts`), which file there is and which node this is (the caller, `self.ts`).
 */
import { dirname, resolve } from 'node:path';
import { QuorateError } from '@quorate/wire';
import { isLoopbackHost, parseAddress } from './address.ts';
import { settingFromText } from './from-text.ts';
import type { Checked } from './schema.ts';
import { settingProblem } from './setting-problem.ts';
import {
  DEFAULT_SETTINGS,
  describeOrigin,
  environmentNameOf,
  flagNameOf,
  type Origin,
  SETTING_KEYS,
  type SettingKey,
  type Settings,
  type SettingValues,
} from './settings.ts';
import { type ConfigSource, configError, type Problem, positionOf } from './source.ts';
import type { Environment } from './yaml-file.ts';

export type SettingsSources = {
  /** Path of the config file as the person named it; without one there are only the other sources. */
  readonly file?: string;
  /** Against which relative paths of `file`, environment and flags count; the current directory when not given. */
  readonly cwd?: string;
  readonly env: Environment;
  /** As typed: text, or `true` for a switch without a value. Undefined: not given. */
  readonly flags: Readonly<Partial<Record<SettingKey, string | boolean | undefined>>>;
};

type Layered = { readonly values: Map<SettingKey, unknown>; readonly origins: Map<SettingKey, Origin> };

/** @throws CONFIG_INVALID, or ARGUMENT when only flags are wrong */
export async function loadSettings(sources: SettingsSources): Promise<Settings> {
  // The validator and the YAML parser cost tens of milliseconds to load, which short commands do not want to pay.
  const { checkFile, checkValue } = await import('./schema.ts');
  const cwd = resolve(sources.cwd ?? '.');
  const layered: Layered = { values: new Map(), origins: new Map() };
  const problems: Problem[] = [];
  const take = (key: SettingKey, checked: Checked, origin: Origin): void => {
    if (checked.ok) {
      layered.values.set(key, checked.value);
      layered.origins.set(key, origin);
    } else {
      problems.push(
        ...checked.problems.map(({ what, hint }) => ({
          position: undefined,
          subject: describeOrigin(origin),
          what,
          hint,
        })),
      );
    }
  };

  const source =
    sources.file === undefined
      ? undefined
      : await takeFile(sources.file, cwd, sources, checkFile, layered, problems);
  for (const key of SETTING_KEYS) {
    const name = environmentNameOf(key);
    const text = sources.env[name];
    // An empty variable counts as unset, as everywhere in the shell's world.
    if (text !== undefined && text !== '')
      take(key, checkText(key, text, checkValue), { kind: 'environment', variable: name });
  }
  const beforeFlags = problems.length;
  for (const key of SETTING_KEYS) {
    const given = sources.flags[key];
    if (given !== undefined)
      take(key, checkText(key, String(given), checkValue), { kind: 'flag', flag: flagNameOf(key) });
  }
  if (problems.length > 0) throw refusal(source, problems, beforeFlags === 0);

  const settings = complete(layered, source, cwd);
  const broken = brokenRules(settings);
  if (broken.length > 0) throw configError(source, broken);
  return settings;
}

/** JSON Schema of the config file, for editors. */
export async function configFileSchema(): Promise<unknown> {
  const { settingsJsonSchema } = await import('./schema.ts');
  return settingsJsonSchema();
}

/** What is wrong on the command line is wrong use of it, if it is all that is wrong. */
function refusal(
  source: ConfigSource | undefined,
  problems: readonly Problem[],
  onlyFlags: boolean,
): QuorateError {
  const error = configError(source, problems);
  return onlyFlags ? new QuorateError('ARGUMENT', error.message) : error;
}

function checkText(
  key: SettingKey,
  text: string,
  checkValue: (key: SettingKey, value: unknown) => Checked,
): Checked {
  try {
    return checkValue(key, settingFromText(key, text));
  } catch (error) {
    if (!(error instanceof QuorateError)) throw error;
    return { ok: false, problems: [{ path: [], what: error.message, hint: undefined }] };
  }
}

async function takeFile(
  file: string,
  cwd: string,
  sources: SettingsSources,
  checkFile: (value: unknown) => Checked,
  layered: Layered,
  problems: Problem[],
): Promise<ConfigSource> {
  const { readYamlFile } = await import('./yaml-file.ts');
  const { source, value } = readYamlFile(resolve(cwd, file), file, sources.env);
  const checked = checkFile(value ?? {});
  if (!checked.ok) {
    problems.push(...checked.problems.map(({ path, what, hint }) => fileProblem(source, path, what, hint)));
    return source;
  }
  for (const [key, inner] of Object.entries(checked.value as Partial<SettingValues>)) {
    if (inner === undefined) continue;
    const position = source.keys.get(key) ?? { line: 1, column: 1 };
    layered.values.set(key as SettingKey, inner);
    layered.origins.set(key as SettingKey, { kind: 'file', file: source.name, ...position });
  }
  if (!layered.values.has('addrs') && !isGivenElsewhere(sources)) {
    const hint = 'list the address of every node: addrs: [127.0.0.1:6660, 127.0.0.1:6661, 127.0.0.1:6662]';
    problems.push({ position: { line: 1, column: 1 }, subject: 'addrs', what: 'the key is missing', hint });
  }
  return source;
}

function isGivenElsewhere({ env, flags }: SettingsSources): boolean {
  return flags.addrs !== undefined || (env[environmentNameOf('addrs')] ?? '') !== '';
}

function fileProblem(
  source: ConfigSource,
  path: readonly (string | number)[],
  what: string,
  hint: string | undefined,
): Problem {
  const dotted = path.join('.');
  const position = what === 'unknown key' ? source.keys.get(dotted) : positionOf(source, dotted);
  return {
    position: position ?? { line: 1, column: 1 },
    subject: dotted === '' ? undefined : dotted,
    what,
    hint,
  };
}

function complete({ values, origins }: Layered, source: ConfigSource | undefined, cwd: string): Settings {
  const known = Object.fromEntries(
    SETTING_KEYS.map((key) => [key, values.get(key) ?? DEFAULT_SETTINGS[key]]),
  ) as SettingValues;
  const originOf = Object.fromEntries(
    SETTING_KEYS.map((key) => [key, origins.get(key) ?? { kind: 'default' }]),
  ) as Settings['origins'];
  const fileDirectory = source === undefined ? cwd : dirname(source.path);
  const baseOf = (key: SettingKey): string =>
    originOf[key].kind === 'environment' || originOf[key].kind === 'flag' ? cwd : fileDirectory;
  return {
    ...known,
    dataDir: resolve(baseOf('dataDir'), known.dataDir),
    backend: /^\.{0,2}\//.test(known.backend) ? resolve(baseOf('backend'), known.backend) : known.backend,
    // The default follows the larger command, so that raising one key is enough.
    maxBatchBytes: values.has('maxBatchBytes')
      ? known.maxBatchBytes
      : Math.max(known.maxBatchBytes, known.maxCommandBytes),
    origins: originOf,
    source,
  };
}

/** Rules between keys. */
function brokenRules(settings: Settings): Problem[] {
  const problems: Problem[] = [];
  const complain = (key: SettingKey, path: string, what: string, hint: string): void => {
    problems.push(settingProblem(settings, key, path, what, hint));
  };
  const { heartbeatMs, electionTimeoutMs, maxBatchBytes, maxCommandBytes } = settings;
  if (electionTimeoutMs < 3 * heartbeatMs) {
    const key = settings.origins.electionTimeoutMs.kind === 'default' ? 'heartbeatMs' : 'electionTimeoutMs';
    const what = `an election timeout of ${electionTimeoutMs} ms is less than three heartbeats of ${heartbeatMs} ms`;
    complain(
      key,
      key,
      what,
      `one lost heartbeat would start an election: set electionTimeoutMs to at least ${3 * heartbeatMs}`,
    );
  }
  if (maxBatchBytes < maxCommandBytes) {
    const what = `a batch of ${maxBatchBytes} bytes cannot hold a command of ${maxCommandBytes} bytes`;
    complain('maxBatchBytes', 'maxBatchBytes', what, `set maxBatchBytes to at least ${maxCommandBytes}`);
  }
  settings.addrs.forEach((addr, index) => {
    const parsed = parseAddress(addr);
    if (settings.insecure || (parsed.ok && isLoopbackHost(parsed.address.host))) return;
    const hint =
      'nothing is encrypted or authenticated yet, so whoever reaches the port can read and write everything: ' +
      'use a loopback address, or set insecure: true in a network that you trust';
    complain('addrs', `addrs.${index}`, `${addr} can be reached from other machines`, hint);
  });
  return problems;
}
