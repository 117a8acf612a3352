/**
 * The model checker against a plain one: the same number of states, the same histories with and without reductions, and
 * two nodes that it takes for the same one really are: they answer every action alike.
 */
import assert from 'node:assert/strict';
import * as protocol from '@quorate/core/protocol';
import type { Action, Outcome } from '#src/modelcheck/action.ts';
import { ownActions } from '#src/modelcheck/enabled.ts';
import type { World } from '#src/modelcheck/judge.ts';
import { landmarksIn } from '#src/modelcheck/landmarks.ts';
import type { ModelNode } from '#src/modelcheck/model-node.ts';
import { perform } from '#src/modelcheck/perform.ts';
import { ONE_CRASH, type Scope, scopeOf } from '#src/modelcheck/scope.ts';
import { Search } from '#src/modelcheck/search.ts';
import { type Setting, settingOf } from '#src/modelcheck/setting.ts';
import { letterText, nodeTextIn, plainSearch } from './plain-search.ts';

const AMPLE_STATES = 1_000_000;
const MAX_COMPARISONS = 10_000;

/** Small enough for the plain search. */
const TINY: readonly Scope[] = [
  scopeOf({ name: 'one leader', campaigns: [1, 0, 0], proposals: [1, 0, 0] }),
  scopeOf({
    name: 'one leader, any node crashes',
    campaigns: [1, 0, 0],
    proposals: [1, 0, 0],
    crashes: ONE_CRASH,
  }),
  scopeOf({ name: 'two candidates', campaigns: [1, 1, 0], proposals: [0, 0, 0] }),
  scopeOf({ name: 'a leader that ticks', campaigns: [1, 0, 0], proposals: [0, 0, 0], ticks: [1, 0, 0] }),
  scopeOf({ name: 'a read', campaigns: [1, 0, 0], proposals: [0, 0, 0], reads: [1, 0, 0], lost: [] }),
];

/** Small enough to be searched without reductions. */
const SMALL: readonly Scope[] = [
  ...TINY,
  scopeOf({ name: 'two candidates, one value', campaigns: [1, 1, 0], proposals: [1, 0, 0] }),
  scopeOf({
    name: 'two candidates, one value, a follower crashes',
    campaigns: [1, 1, 0],
    proposals: [1, 0, 0],
    crashes: [[0, 0, 1]],
  }),
  scopeOf({
    name: 'catch-up from a node that crashes',
    campaigns: [1, 0, 0],
    proposals: [1, 0, 0],
    ticks: [0, 1, 1],
    crashes: [[0, 0, 1]],
  }),
];

describe('the model checker', function () {
  this.timeout(300_000); // Bounded by their work; this is for a machine that is busy with other things.

  for (const scope of TINY) {
    it(`finds as many states as the plain search: ${scope.name}`, () => {
      const plain = plainSearch(settingOf(protocol, scope, 'none'), AMPLE_STATES);
      const search = new Search(protocol, scope, { maxStates: AMPLE_STATES, reduction: 'none' });
      assert.equal(search.run(), undefined);
      assert.ok(search.isComplete);
      assert.equal(search.totals.states, plain.states);
    });
  }

  for (const scope of SMALL) {
    it(`loses no history to its reductions: ${scope.name}`, () => {
      const all = explore(scope, 'none');
      const reduced = explore(scope, 'full');
      assert.deepEqual(reduced.histories, all.histories);
      assert.deepEqual(reduced.landmarks, all.landmarks);
      assert.ok(reduced.states <= all.states);
    });
  }

  for (const scope of TINY) {
    it(`takes two nodes for one only if they answer everything alike: ${scope.name}`, () => {
      const setting = settingOf(protocol, scope, 'none');
      const { variants, letters } = plainSearch(setting, AMPLE_STATES);
      let compared = 0;
      for (const [first, ...others] of variants.values()) {
        if (first === undefined || others.length === 0 || compared > MAX_COMPARISONS) continue;
        for (const action of actionsOf(setting, first, letters)) {
          const expected = portrait(setting, perform(setting, first, action));
          for (const other of others) {
            assert.equal(portrait(setting, perform(setting, other, action)), expected, action.kind);
            compared += 1;
          }
        }
      }
      assert.ok(compared > 0, 'no two nodes were taken for one');
    });
  }
});

/** What was ever accepted and proposed, in every state that can be reached. */
function explore(
  scope: Scope,
  reduction: 'none' | 'full',
): { readonly histories: string[]; readonly landmarks: string[]; readonly states: number } {
  const search = new Search(protocol, scope, { maxStates: AMPLE_STATES, reduction });
  assert.equal(search.run(), undefined);
  assert.ok(search.isComplete, `${scope.name} is too large: ${search.totals.states} states`);
  const histories = new Set<string>();
  for (const world of search.worlds()) histories.add(historyOf(world));
  const { landmarks, states } = search.totals;
  return { histories: [...histories].sort(), landmarks: landmarksIn(landmarks), states };
}

function historyOf(world: World): string {
  const entries = (list: ModelNode['past']['accepted']): string =>
    list.map(protocol.describeEntry).sort().join();
  return world.map(({ past }) => `${entries(past.accepted)}/${entries(past.proposed)}`).join(' | ');
}

function actionsOf(
  setting: Setting,
  node: ModelNode,
  letters: ReturnType<typeof plainSearch>['letters'],
): Action[] {
  const deliveries = letters
    .filter(({ to }) => to === node.self)
    .map(({ from, message }): Action => ({ kind: 'deliver', from, message }));
  return [...ownActions(setting, node), ...deliveries];
}

function portrait(setting: Setting, outcome: Outcome | undefined): string {
  if (outcome === undefined) return 'impossible';
  const { node, letters, facts, violation } = outcome;
  return [
    nodeTextIn(setting, node),
    letters.map(letterText).sort().join('\n'),
    JSON.stringify([facts, violation]),
  ].join('\n\n');
}
