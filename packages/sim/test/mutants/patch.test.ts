/**
 * A patched copy of the workspace behaves as patched, resolves our own packages within the copy, and leaves the
 * original alone.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import * as original from '@quorate/core/protocol';
import { buildMutant, type Mutant, type Patch } from '#src/mutants/patch.ts';

const BALLOT_PATCH: Patch = {
  file: 'core/protocol/ballot.ts',
  find: 'return { round: seen.round + 1, node };',
  replace: 'return { round: seen.round + 7, node };',
};

describe('a patched copy', () => {
  const mutants: Mutant[] = [];
  const build = (patches: readonly Patch[]): Mutant => {
    const mutant = buildMutant(patches);
    mutants.push(mutant);
    return mutant;
  };
  after(() => {
    for (const mutant of mutants) mutant.remove();
  });

  it('runs the planted code, while the original stays as it was', async () => {
    const mutant = build([BALLOT_PATCH]);
    const patched = (await import(mutant.urlOf('core/protocol/index.ts'))) as typeof original;
    assert.equal(patched.nextBallot(original.ZERO_BALLOT, original.asNodeId(2)).round, 7);
    assert.equal(original.nextBallot(original.ZERO_BALLOT, original.asNodeId(2)).round, 1);
  });

  it('is what other packages of the copy import', () => {
    const mutant = build([BALLOT_PATCH]);
    const seenBySim = createRequire(mutant.urlOf('sim/index.ts')).resolve('@quorate/core/protocol');
    assert.equal(pathToFileURL(seenBySim).href, mutant.urlOf('core/protocol/index.ts'));
  });

  it('matches across line breaks and indentation', () => {
    build([
      {
        file: 'core/protocol/ballot.ts',
        find: 'export function sameBallot(left, right) {\n return left.round === right.round',
        replace: 'export function sameBallot(left, right) { return true && left.round === right.round',
      },
    ]);
  });

  it('is refused when the text is not there exactly once', () => {
    assert.throws(() => buildMutant([{ ...BALLOT_PATCH, find: 'no such text' }]), /matches 0 times/);
    assert.throws(() => buildMutant([{ ...BALLOT_PATCH, find: 'left.round' }]), /matches [2-9] times/);
  });

  it('is deleted when it is removed', () => {
    const mutant = build([]);
    mutant.remove();
    assert.equal(existsSync(mutant.directory), false);
  });
});
