/**
 * Chance with a printed seed: QUORATE_TEST_SEED repeats the choices of a run, though not the timing of processes.
 */
import { randomInt } from 'node:crypto';
import { createRandom, type Random } from '@quorate/core/protocol';

const SEED_LIMIT = 2 ** 31;

export function printedRandom(): Random {
  const given = process.env['QUORATE_TEST_SEED'];
  const seed = given === undefined ? randomInt(SEED_LIMIT) : Number(given);
  console.log(`      QUORATE_TEST_SEED=${seed}`);
  return createRandom(seed);
}
