/** Bugs of append-only logs, planted into the journal of segments. */
import type { Hunt, Mutant } from '../mutant.ts';
import { testsOf } from './hunts.ts';
import { segments } from './places.ts';

const onSimulatedDisk: Hunt = testsOf('simulated disk', 'sim', 'disk/conformance.test.js');

export const SEGMENT_MUTANTS: readonly Mutant[] = [
  {
    id: 'segment-name-not-synced',
    wrong: 'A new segment is written to before its name in the directory is durable.',
    seen: 'All File Systems Are Not Created Equal (OSDI 2014): ZooKeeper, LevelDB and others lost files whose directory was not synced',
    patches: [
      segments(
        'log-writer.ts',
        `this.#disk.syncDirectory((syncError) => {`,
        `((proceed) => proceed(undefined))((syncError) => {`,
      ),
    ],
    hunt: onSimulatedDisk,
  },
];
