/**
 * The mix of operations: `set=50,get=50` becomes an endless sequence in which every stretch holds the operations in
 * their proportion, so that a short run has the mix that was asked for and two runs have the same one.
 */
import { QuorateError } from '@quorate/wire';

export const OPERATIONS = ['set', 'get', 'del'] as const;
export type Operation = (typeof OPERATIONS)[number];

/** Whole numbers, not all zero; their sum need not be 100. */
export type Mix = Readonly<Record<Operation, number>>;

const MAX_WEIGHT = 1000;

/** @throws ARGUMENT */
export function parseMix(text: string): Mix {
  const weights: Record<Operation, number> = { set: 0, get: 0, del: 0 };
  for (const part of text.split(',')) {
    const [name, weight, ...rest] = part.trim().split('=');
    const amount = Number(weight);
    if (
      !isOperation(name) ||
      rest.length > 0 ||
      !Number.isInteger(amount) ||
      amount < 0 ||
      amount > MAX_WEIGHT
    ) {
      throw new QuorateError(
        'ARGUMENT',
        `--mix: not a share: "${part}"; write set=50,get=50 with set, get, del and whole numbers`,
      );
    }
    weights[name] += amount;
  }
  if (OPERATIONS.every((operation) => weights[operation] === 0))
    throw new QuorateError('ARGUMENT', '--mix: all shares are zero');
  return weights;
}

export function describeMix(mix: Mix): string {
  return OPERATIONS.filter((operation) => mix[operation] > 0)
    .map((operation) => `${operation}=${mix[operation]}`)
    .join(',');
}

/** One period of the sequence: each operation as often as its weight says, spread evenly. */
export function mixPeriod(mix: Mix): readonly Operation[] {
  const divisor = OPERATIONS.map((operation) => mix[operation]).reduce(greatestCommonDivisor);
  const weights = OPERATIONS.map((operation) => mix[operation] / divisor);
  const length = weights.reduce((sum, weight) => sum + weight, 0);
  const credits = weights.map(() => 0);
  return Array.from({ length }, () => {
    weights.forEach((weight, index) => {
      credits[index] = (credits[index] ?? 0) + weight;
    });
    const chosen = credits.indexOf(Math.max(...credits));
    credits[chosen] = (credits[chosen] ?? 0) - length;
    return OPERATIONS[chosen] ?? 'set';
  });
}

function isOperation(name: string | undefined): name is Operation {
  return OPERATIONS.some((operation) => operation === name);
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
