/** Short names for the tools that are sets of tests. */
import type { Hunt } from '../mutant.ts';

type Tests = Extract<Hunt, { tool: 'tests' }>;

/** One transcript of the protocol, by its title. */
export function transcript(title: string): Tests {
  return {
    tool: 'tests',
    name: 'transcripts',
    workspace: 'core',
    files: ['traces/traces.test.js'],
    only: title,
  };
}

export function testsOf(name: string, workspace: string, ...files: string[]): Tests {
  return { tool: 'tests', name, workspace, files };
}

export const journalConformance: Tests = testsOf(
  'journal tests',
  'core',
  'journal/sqlite-conformance.test.js',
);
export const journalDamage: Tests = testsOf('journal sweeps', 'core', 'journal/sqlite-damage.test.js');
export const journalFailure: Tests = testsOf('journal tests', 'core', 'journal/failure.test.js');
export const journalDurability: Tests = testsOf('journal tests', 'core', 'journal/sqlite-durability.test.js');
export const journalKill: Tests = testsOf('journal kill tests', 'core', 'journal/kill.test.js');
export const segmentDamage: Tests = testsOf('segment sweeps', 'core', 'journal/segment-damage.test.js');
export const segmentHistories: Tests = testsOf('disk histories', 'sim', 'disk/histories.test.js');
export const sessionTable: Tests = testsOf('session model', 'core', 'sessions/session-table.test.js');
export const sessionRecords: Tests = testsOf('session records', 'core', 'sessions/session-records.test.js');
export const sessionBounds: Tests = testsOf('session bounds', 'core', 'sessions/session-bounds.test.js');
export const digestChain: Tests = testsOf('digest tests', 'core', 'sessions/digest-chain.test.js');
export const peerDecoder: Tests = testsOf(
  'decoder fuzz',
  'core',
  'wire/decoder.test.js',
  'wire/codec.test.js',
);
export const kvConformance: Tests = testsOf('backend rules', 'backend-kv', 'conformance.test.js');
export const kvStore: Tests = testsOf('backend tests', 'backend-kv', 'store.test.js');
export const kvModel: Tests = testsOf('backend model', 'backend-kv', 'model.test.js');

/** Engines in one process, in virtual time. */
export function engineTests(name: string): Tests {
  return testsOf('engine tests', 'core', `runtime/${name}.test.js`);
}
