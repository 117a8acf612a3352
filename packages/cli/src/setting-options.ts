/**
 * The settings of config.yaml as options of a command: one flag per setting. Who wins, flag, environment or file, is
 * decided where settings are loaded.
 */
import { DEFAULT_SETTINGS, flagNameOf, SETTING_KEYS, type SettingKey } from '@quorate/core/config';
import { type Command, Option } from 'commander';

/** Settings given on the command line, as typed. */
export type SettingFlags = Readonly<Partial<Record<SettingKey, string | boolean>>>;

/** Only the settings among the options of a command. */
export function settingFlagsOf(options: SettingFlags): SettingFlags {
  return Object.fromEntries(
    SETTING_KEYS.flatMap((key) => (options[key] === undefined ? [] : [[key, options[key]]])),
  );
}

const SETTING_HELP: Readonly<Record<SettingKey, readonly [placeholder: string, help: string]>> = {
  addrs: ['<list>', 'addresses of all nodes, with commas'],
  cluster: ['<name>', 'name of the cluster, part of its identity'],
  backend: ['<name>', 'kv, a package, or the path of a module'],
  backendOptions: ['<json>', 'handed to the backend'],
  dataDir: ['<dir>', 'where nodes keep their data, each in node-N below it'],
  heartbeatMs: ['<ms>', 'time between heartbeats'],
  electionTimeoutMs: ['<ms>', 'silence after which a new leader is looked for'],
  windowSlots: ['<count>', 'how many slots a leader may propose ahead'],
  maxCommandBytes: ['<bytes>', 'larger commands are refused'],
  maxBatchBytes: ['<bytes>', 'size at which a batch is cut'],
  journal: ['<kind>', 'how the journal is kept: segments or sqlite'],
  journalThread: ['<where>', 'where a journal in SQLite flushes: auto, main or worker'],
  shutdownTimeoutMs: ['<ms>', 'longest that a graceful stop may take'],
  profile: ['', 'write a CPU profile at stop'],
  insecure: ['', 'listen beyond loopback without encryption and authentication'],
};

/** All but `dataDir`, which is an option of the program itself. */
export function addSettingOptions(command: Command): Command {
  for (const key of SETTING_KEYS) if (key !== 'dataDir') command.addOption(setting(key));
  return command;
}

/** No `.env()`: the settings themselves read the environment, below the flags and above the file. */
export function setting(key: SettingKey): Option {
  const [placeholder, help] = SETTING_HELP[key];
  const preset = DEFAULT_SETTINGS[key];
  const shown = typeof preset === 'string' || typeof preset === 'number' ? ` (default: ${preset})` : '';
  return new Option(`${flagNameOf(key)} ${placeholder}`.trim(), `${help}${shown}`);
}
