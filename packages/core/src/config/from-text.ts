/**
 * Values of settings as text from the environment or the command line: lists with commas, `true` and `false`,
 * numbers, durations with a unit for the keys that end in `Ms`, JSON for `backendOptions`.
 *
 * Text that does not convert is handed on as it is: the schema then refuses it in its own words, which name the
 * bounds. Leaves to others: those bounds (`schema.ts`).
 */
import { QuorateError } from '@quorate/wire';
import { parseDuration } from './duration.ts';
import type { SettingKey } from './settings.ts';

/** @throws ARGUMENT for a duration or JSON that cannot be read */
export function settingFromText(key: SettingKey, text: string): unknown {
  switch (key) {
    case 'addrs':
      return splitList(text);
    case 'backendOptions':
      return parseJson(text);
    case 'profile':
    case 'insecure':
      return toBoolean(text);
    case 'heartbeatMs':
    case 'electionTimeoutMs':
    case 'shutdownTimeoutMs':
      return /^\d+(?:\.\d+)?[a-z]+$/.test(text) ? parseDuration(text, key) : toNumber(text);
    case 'windowSlots':
    case 'maxCommandBytes':
    case 'maxBatchBytes':
      return toNumber(text);
    case 'cluster':
    case 'backend':
    case 'dataDir':
    case 'journal':
    case 'journalThread':
      return text;
    default:
      return key satisfies never;
  }
}

/** `a:1, b:2` -> both, without blanks and empty parts. */
export function splitList(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

function toNumber(text: string): number | string {
  return /^-?\d+(?:\.\d+)?$/.test(text) ? Number(text) : text;
}

function toBoolean(text: string): boolean | string {
  if (/^(?:1|true|yes|on)$/i.test(text)) return true;
  return /^(?:0|false|no|off)$/i.test(text) ? false : text;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new QuorateError('ARGUMENT', `not JSON: ${why}`, { cause: error });
  }
}
