/** `backendOptions` of config.yaml for `backend: redis`. */
import { QuorateError } from '@quorate/wire';

export type RedisOptions = {
  readonly host: string;
  readonly port: number;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly tls: boolean;
  /** A server that has not answered for so long is given up, and asked again. */
  readonly commandTimeoutMs: number;
  readonly connectTimeoutMs: number;
};

const NAMES = ['url', 'commandTimeoutMs', 'connectTimeoutMs'];
const DEFAULT_URL = 'redis://127.0.0.1:6379';
const DEFAULT_COMMAND_TIMEOUT_MS = 60_000;
const DEFAULT_CONNECT_TIMEOUT_MS = 5_000;

/** @throws QuorateError CONFIG_INVALID; never names the password */
export function readOptions(options: unknown): RedisOptions {
  if (options !== undefined && options !== null && (typeof options !== 'object' || Array.isArray(options)))
    throw invalid('backendOptions of redis are names and values, such as url: redis://127.0.0.1:6379');
  const given = (options ?? {}) as Record<string, unknown>;
  const unknown = Object.keys(given).find((name) => !NAMES.includes(name));
  if (unknown !== undefined)
    throw invalid(
      `backendOptions of redis have no ${JSON.stringify(unknown)}; there are ${NAMES.join(', ')}`,
    );
  return {
    ...readUrl(given['url'] ?? DEFAULT_URL),
    commandTimeoutMs: readMs(given, 'commandTimeoutMs', DEFAULT_COMMAND_TIMEOUT_MS),
    connectTimeoutMs: readMs(given, 'connectTimeoutMs', DEFAULT_CONNECT_TIMEOUT_MS),
  };
}

function readUrl(value: unknown): Pick<RedisOptions, 'host' | 'port' | 'username' | 'password' | 'tls'> {
  const shape = 'redis://user:password@host:port, or rediss:// with TLS; user and password may be left out';
  if (typeof value !== 'string' || !URL.canParse(value)) throw invalid(`url is not of the form ${shape}`);
  const url = new URL(value);
  if ((url.protocol !== 'redis:' && url.protocol !== 'rediss:') || url.hostname === '')
    throw invalid(`url is not of the form ${shape}`);
  if (!['', '/', '/0'].includes(url.pathname))
    throw invalid(`url names database ${url.pathname.slice(1)}; the data of a cluster is always database 0`);
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? 6379 : Number(url.port),
    username: url.username === '' ? undefined : decodeURIComponent(url.username),
    password: url.password === '' ? undefined : decodeURIComponent(url.password),
    tls: url.protocol === 'rediss:',
  };
}

const MAX_MS = 3_600_000;

function readMs(given: Record<string, unknown>, name: string, byDefault: number): number {
  const value = given[name] ?? byDefault;
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 1 || value > MAX_MS)
    throw invalid(`${name} takes milliseconds from 1 to ${MAX_MS}`);
  return value;
}

function invalid(what: string): QuorateError {
  return new QuorateError('CONFIG_INVALID', what);
}
