/**
 * What every command gets: the streams, the environment and the common options, already checked.
 *
 * Owns: which config file is read when none is named, and which nodes are talked to when no endpoint is. Leaves to
 * others: the options themselves (`program.ts`), what the commands do.
 */
import { existsSync } from 'node:fs';
import {
  loadSettings,
  parseAddress,
  parseDuration,
  type SettingKey,
  type Settings,
  splitList,
} from '@quorate/core/config';
import { QuorateError } from '@quorate/wire';

export type OutputFormat = 'simple' | 'table' | 'json';
export const OUTPUT_FORMATS: readonly OutputFormat[] = ['simple', 'table', 'json'];

/** As commander gives them; every one also comes from the environment. */
export type CommonOptions = {
  readonly endpoints?: string;
  readonly config?: string;
  readonly dataDir?: string;
  readonly timeout?: string;
  readonly writeOut: OutputFormat;
};

export const DEFAULT_CONFIG_FILE = 'config.yaml';
export const DEFAULT_ENDPOINT = '127.0.0.1:6660';
export const DEFAULT_TIMEOUT_MS = 5000;

export type Streams = {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
};

export class CommandContext {
  readonly streams: Streams;
  readonly env: NodeJS.ProcessEnv;
  #options: CommonOptions = { writeOut: 'simple' };
  #showNote: (text: string) => void = () => undefined;
  /** What a command that ended without an error has found, for instance EXIT.notFound. */
  exitCode = 0;

  constructor(streams: Streams, env: NodeJS.ProcessEnv) {
    this.streams = streams;
    this.env = env;
    this.redirectNotes(undefined);
  }

  /** Once per command, before its action. */
  adopt(options: CommonOptions): void {
    this.#options = options;
  }

  get format(): OutputFormat {
    return this.#options.writeOut;
  }

  /** `--timeout`, or the default. @throws ARGUMENT */
  get timeoutMs(): number {
    return this.timeoutMsOr(DEFAULT_TIMEOUT_MS);
  }

  timeoutMsOr(presetMs: number): number {
    const { timeout } = this.#options;
    return timeout === undefined ? presetMs : parseDuration(timeout, '--timeout');
  }

  /** The file that was named, or `config.yaml` here if there is one. */
  get configFile(): string | undefined {
    return this.#options.config ?? (existsSync(DEFAULT_CONFIG_FILE) ? DEFAULT_CONFIG_FILE : undefined);
  }

  /** Settings of a node. `flags` are those of the command; the common `--data-dir` is added. */
  settings(flags: Partial<Record<SettingKey, string | boolean | undefined>> = {}): Promise<Settings> {
    const { configFile } = this;
    const all = { ...flags, dataDir: this.#options.dataDir };
    return loadSettings({
      ...(configFile === undefined ? {} : { file: configFile }),
      env: this.env,
      flags: all,
    });
  }

  /** `host:port` of the nodes to talk to: `given`, `--endpoints`, `addrs` of the config file, or the default. */
  async endpoints(given: readonly string[] = []): Promise<readonly string[]> {
    const named =
      given.length > 0 ? given : this.#options.endpoints === undefined ? [] : [this.#options.endpoints];
    if (named.length > 0) return readEndpoints(named);
    const isConfigured = this.configFile !== undefined || (this.env['QUORATE_ADDRS'] ?? '') !== '';
    return isConfigured ? (await this.settings()).addrs : [DEFAULT_ENDPOINT];
  }

  /** Data, to standard output. */
  print(data: string | Uint8Array): void {
    this.streams.stdout.write(data);
  }

  printJson(value: unknown): void {
    this.print(`${JSON.stringify(value)}\n`);
  }

  /** Anything that is not data, to standard error, or by the way that a prompt on the screen asks for. */
  note(text: string): void {
    this.#showNote(text);
  }

  /** While a prompt stands on the screen, notes have to be written around it. Undefined: no longer. */
  redirectNotes(show: ((text: string) => void) | undefined): void {
    this.#showNote = show ?? ((text) => this.streams.stderr.write(`${text}\n`));
  }
}

const SCHEME = 'quorate://';

/** Lists with commas and `quorate://a,b`, flattened, without duplicates. @throws ARGUMENT */
export function readEndpoints(given: readonly string[]): string[] {
  const texts = given.flatMap((text) =>
    splitList(text.startsWith(SCHEME) ? text.slice(SCHEME.length).replace(/\/$/, '') : text),
  );
  const addresses = texts.map((text) => {
    const parsed = parseAddress(text);
    if (!parsed.ok) throw new QuorateError('ARGUMENT', `endpoint ${text}: ${parsed.problem}`);
    return parsed.address.text;
  });
  if (addresses.length === 0)
    throw new QuorateError('ARGUMENT', `no endpoint given; write host:port, such as ${DEFAULT_ENDPOINT}`);
  return [...new Set(addresses)];
}
