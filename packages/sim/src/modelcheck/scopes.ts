/**
 * The scopes that are searched: `quickStates` in every test run, `longStates` by `npm run modelcheck`.
 *
 * Each looks hard at one thing and keeps the rest small enough to be searched to the end; the last one allows everything
 * at once and is searched as far as the bound goes. Sizes are in docs/testing.md.
 */
import { ONE_CRASH, type Scope, scopeOf, TWO_CRASHES } from './scope.ts';

export type Plan = {
  readonly scope: Scope;
  readonly about: string;
  /** Bound of states in a test run; 0 leaves the scope out. */
  readonly quickStates: number;
  readonly longStates: number;
};

const MILLION = 1_000_000;

export const PLANS: readonly Plan[] = [
  {
    about: 'two candidates, one of them twice, over one slot; any node crashes',
    scope: scopeOf({
      name: 'duel',
      campaigns: [2, 1, 0],
      crashes: ONE_CRASH,
      mustReach: [
        'chosen',
        'recovered',
        'nack',
        'two-leaders',
        'crash-before-accepted',
        'crash-before-promise',
        'leader-crash',
        'bound-by-accept',
        'chosen-met-accept',
        'leader-behind',
      ],
    }),
    quickStates: 2 * MILLION,
    longStates: 2 * MILLION,
  },
  {
    about: 'three candidates over one slot',
    scope: scopeOf({
      name: 'triel',
      campaigns: [1, 1, 1],
      proposals: [1, 1, 1],
    }),
    quickStates: MILLION,
    longStates: MILLION,
  },
  {
    about: 'three candidates over one slot; any node crashes',
    scope: scopeOf({
      name: 'triel-crash',
      campaigns: [1, 1, 1],
      proposals: [1, 1, 1],
      crashes: ONE_CRASH,
    }),
    quickStates: 0,
    longStates: 10 * MILLION,
  },
  {
    about: 'two leaders over two slots: gaps, windows, cumulative acknowledgements; any node crashes',
    scope: scopeOf({
      name: 'two-slots',
      slots: 2,
      proposals: [2, 1, 0],
      crashes: ONE_CRASH,
      mustReach: [
        'chosen',
        'recovered',
        'gap-filled',
        'nack',
        'two-leaders',
        'crash-before-accepted',
        'crash-before-promise',
        'leader-crash',
        'bound-by-accept',
      ],
    }),
    quickStates: 200_000,
    longStates: 20 * MILLION,
  },
  {
    about: 'heartbeats and watermarks: leaders tick, followers are bound and learn by what they hear',
    scope: scopeOf({
      name: 'watermarks',
      ticks: [1, 1, 0],
      crashes: ONE_CRASH,
      lost: ['heartbeat-echo'],
      mustReach: [
        'chosen',
        'recovered',
        'bound-by-heartbeat',
        'learned-by-watermark',
        'chosen-met-accept',
        'leader-behind',
        'crash-before-accepted',
      ],
    }),
    quickStates: 400_000,
    longStates: 10 * MILLION,
  },
  {
    about: 'a follower fetches what it missed, over two slots, from nodes that crash',
    scope: scopeOf({
      name: 'catch-up',
      slots: 2,
      campaigns: [1, 1, 0],
      proposals: [2, 0, 0],
      ticks: [0, 0, 2],
      crashes: ONE_CRASH,
      mustReach: [
        'chosen',
        'recovered',
        'learned-by-catch-up',
        'chosen-met-accept',
        'leader-behind',
        'crash-before-accepted',
      ],
    }),
    quickStates: 200_000,
    longStates: 10 * MILLION,
  },
  {
    about: 'the same with a backend that is ahead of the journal after a crash',
    scope: scopeOf({
      name: 'durable-backend',
      backend: 'durable',
      ticks: [1, 0, 1],
      crashes: ONE_CRASH,
      mustReach: [
        'chosen',
        'recovered',
        'learned-by-catch-up',
        'learned-by-watermark',
        'crash-before-accepted',
      ],
    }),
    quickStates: 100_000,
    longStates: 10 * MILLION,
  },
  {
    about: 'promises of several pages, prepared and answered twice',
    scope: scopeOf({
      name: 'pages',
      slots: 2,
      proposals: [2, 0, 0],
      ticks: [0, 1, 0],
      pageBytes: 1,
      mustReach: ['chosen', 'recovered', 'gap-filled', 'paged-promise'],
    }),
    quickStates: 100_000,
    longStates: 10 * MILLION,
  },
  {
    about: 'reads at a leader and at a follower while another leader takes over',
    scope: scopeOf({
      name: 'reads',
      reads: [1, 0, 1],
      lost: [],
      mustReach: [
        'chosen',
        'recovered',
        'two-leaders',
        'read-answered',
        'read-refused',
        'remote-read-answered',
      ],
    }),
    quickStates: 100_000,
    longStates: 10 * MILLION,
  },
  {
    about: 'campaigns and leaderships that end because time is over',
    scope: scopeOf({
      name: 'expiry',
      campaigns: [2, 1, 0],
      expiries: [1, 1, 0],
      mustReach: ['chosen', 'recovered', 'nack', 'two-leaders', 'expired'],
    }),
    quickStates: 100_000,
    longStates: 10 * MILLION,
  },
  {
    about: 'two crashes, of one node or of two',
    scope: scopeOf({
      name: 'two-crashes',
      crashes: TWO_CRASHES,
      mustReach: [
        'chosen',
        'recovered',
        'nack',
        'two-leaders',
        'crash-before-accepted',
        'crash-before-promise',
        'leader-crash',
      ],
    }),
    quickStates: 100_000,
    longStates: 10 * MILLION,
  },
  {
    about: 'two ballots for everybody over two slots; any node crashes',
    scope: scopeOf({
      name: 'two-each',
      campaigns: [2, 2, 2],
      proposals: [1, 1, 1],
      slots: 2,
      crashes: ONE_CRASH,
      mustReach: ['chosen', 'nack', 'two-leaders', 'crash-before-accepted', 'crash-before-promise'],
    }),
    quickStates: 300_000,
    longStates: 20 * MILLION,
  },
  {
    about: 'everything at once, two ballots for everybody: as far as the bound goes',
    scope: scopeOf({
      name: 'wide',
      campaigns: [2, 2, 2],
      proposals: [1, 1, 1],
      slots: 2,
      ticks: [1, 1, 1],
      expiries: [1, 1, 1],
      crashes: TWO_CRASHES,
      lost: ['heartbeat-echo'],
      mustReach: ['chosen', 'two-leaders', 'crash-before-accepted', 'crash-before-promise'],
    }),
    quickStates: 0,
    longStates: 5 * MILLION,
  },
];
