/**
 * Durations as people type them on a command line or in the environment: `500ms`, `2s`, `1m`, `1h`. In `config.yaml`
 * the unit is part of the key and the value is a number, so this is not used there.
 */
import { QuorateError } from '@quorate/wire';

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Longest that a timer of the runtime can wait. */
export const MAX_DURATION_MS = 2_147_483_647;

/**
 * Whole milliseconds, above zero.
 * @throws ARGUMENT, naming `what`
 */
export function parseDuration(text: string, what = 'duration'): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text.trim());
  const amount = Number(match?.[1]);
  const unitMs = UNIT_MS[match?.[2] ?? ''];
  if (match === null || unitMs === undefined) {
    throw new QuorateError(
      'ARGUMENT',
      `${what}: not a duration: "${text}"; write a number and a unit: 500ms, 2s, 1m`,
    );
  }
  const durationMs = Math.round(amount * unitMs);
  if (durationMs < 1 || durationMs > MAX_DURATION_MS) {
    throw new QuorateError(
      'ARGUMENT',
      `${what}: "${text}" is out of range; it must lie between 1ms and ${MAX_DURATION_MS}ms`,
    );
  }
  return durationMs;
}
