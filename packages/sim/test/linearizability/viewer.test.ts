/** Purpose: of a long history with one fault the viewer shows the few calls that prove it, in text and as a picture. */
import assert from 'node:assert/strict';
import { createRandom } from '@quorate/core/protocol';
import fc from 'fast-check';
import type { Call } from '#src/history/call.ts';
import { checkHistory, type Violation } from '#src/linearizability/check.ts';
import { picture } from '#src/linearizability/picture.ts';
import { shrink } from '#src/linearizability/shrink.ts';
import { timeline } from '#src/linearizability/timeline.ts';
import { generateCalls } from './generate.ts';
import { done, get, inc, refused, set, unknown } from './histories.ts';
import { MUTATIONS } from './mutate.ts';
import { isLinearizableNaively } from './naive.ts';

function violationOf(calls: readonly Call[]): Violation {
  const [violation] = checkHistory({ calls, faults: [] }).violations;
  assert.ok(violation, 'the history is not a violation');
  return violation;
}

describe('viewer of violations', function () {
  this.timeout(60_000);

  it('draws a stale read', () => {
    const calls = [
      done(1, set('old'), 100, 200, 'old'),
      done(2, set('new'), 300, 400, 'new'),
      done(3, get, 350, 500, 'new'),
      done(4, get, 600, 700, 'old'),
      done(1, set('later'), 800, 900, 'later'),
    ];
    const faults = [
      { what: 'node 2 paused', fromUs: 0, untilUs: 650 },
      { what: 'node 3 killed', fromUs: 5000, untilUs: 6000 },
    ];
    assert.equal(
      timeline(shrink(violationOf(calls)), faults),
      [
        'key k, a register: no order of these calls explains their answers',
        '',
        '  client 1  |- set old --|',
        '  client 2                 |- set new --|',
        '  client 4                                |- get -> old --|  <-- here',
        '',
        'Before these calls the register held nothing.',
        'Every order fails at: get -> old by client 4 (600 to 700 us).',
        'When it had to take effect the register could only hold new.',
        'Faults at that time:',
        '  0 to 650 us  node 2 paused',
        '',
      ].join('\n'),
    );
  });

  it('draws calls without an end and calls that were refused', () => {
    const calls = [unknown(1, inc, 0), refused(2, inc, 10, 20), done(3, inc, 30, 40, 3)];
    const text = timeline(shrink(violationOf(calls)));
    assert.match(text, /client 1 {2}\|- inc \? -+>/);
    assert.match(text, /could only hold 0 or 1\./);
    const seen = timeline(shrink(violationOf([refused(2, set('a'), 10, 20), done(3, get, 30, 40, 'a')])));
    assert.match(seen, /x\. set a refused \.+x/);
    assert.match(seen, /Refused for certain, and seen all the same: set a by client 2/);
  });

  it('shows a handful of calls of a history of two thousand', () => {
    const random = createRandom(11);
    const calls = generateCalls(random, {
      kind: 'register',
      calls: 2000,
      clients: 12,
      unknownShare: 0.01,
      refusedShare: 0.01,
      values: 0,
    });
    const mutation = MUTATIONS['a read of a value that was overwritten before it began'];
    let broken: Call[] | undefined;
    while (broken === undefined) broken = mutation?.mutate(calls, random);
    const small = shrink(violationOf(broken));
    assert.ok(small.shown.length <= 4, timeline(small));
    assert.equal(isLinearizableNaively(small.problem.calls), false);
  });

  it('begins the picture of a counter at the last quiet moment that matters', () => {
    const calls = Array.from({ length: 500 }, (_, index) =>
      done(1, inc, index * 10, index * 10 + 5, index + 1),
    );
    const small = shrink(violationOf([...calls, done(2, inc, 6000, 6010, 500)]));
    assert.deepEqual([small.shown.length, small.initial], [1, 500]);
  });

  it('shrinks only to what is still a violation, by the definition itself', () => {
    const names = Object.keys(MUTATIONS);
    let judged = 0;
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 31 - 1 }), fc.constantFrom(...names), (seed, name) => {
        const mutation = MUTATIONS[name];
        const random = createRandom(seed);
        const unknownShare = mutation?.needsKnownEnds === true ? 0 : 0.05;
        const shape = {
          kind: mutation?.kind ?? 'register',
          calls: 40,
          clients: 4,
          unknownShare,
          refusedShare: 0.05,
          values: 0,
        };
        const broken = mutation?.mutate(generateCalls(random, shape), random);
        if (broken === undefined) return;
        const small = shrink(violationOf(broken));
        assert.ok(small.problem.calls.length <= broken.length);
        if (small.initial !== violationOf(broken).problem.initial || small.problem.calls.length > 8) return;
        judged += 1;
        assert.equal(isLinearizableNaively(small.problem.calls), false);
      }),
      { numRuns: 200 },
    );
    assert.ok(judged > 50, `only ${judged} were small enough to be judged`);
  });

  it('makes a picture that names every call and escapes what XML would read', () => {
    const svg = picture(shrink(violationOf([done(1, set('<&>'), 0, 10), done(2, get, 20, 30, null)])));
    assert.match(svg, /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"[^>]*>\n/);
    assert.match(svg, /set &quot;|set "&lt;&amp;&gt;"/);
    assert.match(svg, /get -&gt; nothing/);
    assert.ok(svg.endsWith('</svg>\n'));
  });
});
