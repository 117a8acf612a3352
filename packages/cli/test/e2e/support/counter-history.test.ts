/** Purpose: the judge of counter histories lets honest histories pass and names each way to be dishonest. */
import assert from 'node:assert/strict';
import { type Answered, violationsOf } from './counter-history.ts';

/** Text such as `I1@0-2 R1@3-4`: an increment answered 1 between times 0 and 2, then a read of 1. */
function history(text: string): Answered[] {
  return [...text.matchAll(/([IR])(\d+)@(\d+)-(\d+)/g)].map(([, kind, count, invokedAt, answeredAt]) => ({
    kind: kind === 'I' ? 'increment' : 'read',
    key: 'k',
    count: Number(count),
    invokedAt: Number(invokedAt),
    answeredAt: Number(answeredAt),
    by: '',
  }));
}

function judge(text: string, lost: readonly number[] = []): string[] {
  const answered = history(text);
  const asked = answered.filter(({ kind }) => kind === 'increment').map(({ invokedAt }) => invokedAt);
  return violationsOf(
    answered,
    [...asked, ...lost].toSorted((left, right) => left - right),
  );
}

describe('counter history', () => {
  for (const [what, text, lost] of [
    ['one after the other', 'R0@0-1 I1@2-3 R1@4-5 I2@6-7 R2@8-9', []],
    ['concurrent increments in either order', 'I2@0-9 I1@1-8 R2@10-11', []],
    ['a concurrent read of the old or the new count', 'I1@0-9 R0@1-2 R1@3-4', []],
    ['an increment whose fate is unknown, seen', 'I1@0-1 R2@4-5', [3]],
    ['an increment whose fate is unknown, never seen', 'I1@0-1 R1@4-5', [3]],
  ] as const) {
    it(`passes: ${what}`, () => assert.deepEqual(judge(text, lost), []));
  }

  for (const [what, text, complaint] of [
    ['a repeated number', 'I1@0-9 I1@1-8', /two increments got the same number/],
    ['a stale read', 'I1@0-1 I2@2-3 R1@4-5', /read of k = 1 .* although increment of k = 2/],
    ['a read older than a read', 'I1@0-9 R1@1-2 R0@3-4', /read of k = 0 .* although read of k = 1/],
    [
      'an increment below an earlier one',
      'I2@0-1 I1@2-3',
      /increment of k = 1 .* although increment of k = 2/,
    ],
    [
      'an increment not above an earlier read',
      'R1@0-5 I1@6-7',
      /increment of k = 1 .* although read of k = 1/,
    ],
    ['a number that counts an increment twice', 'I1@0-1 I3@2-3', /only 2 increments were asked for/],
    ['a read of what nobody asked for yet', 'R1@0-1 I1@2-3', /only 0 increments were asked for/],
  ] as const) {
    it(`names: ${what}`, () => assert.match(judge(text).join('\n'), complaint));
  }
});
