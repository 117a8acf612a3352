/** Bugs of append-only logs, planted into the journal of segments. */
import type { Hunt, Mutant } from '../mutant.ts';
import { testsOf } from './hunts.ts';
import { segments } from './places.ts';

const whatIsShown: Hunt = testsOf('simulated disk', 'sim', 'disk/durability.test.js');
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
  {
    id: 'segment-not-flushed-again',
    wrong:
      'What a restart finds in the newest segment is revealed before it is flushed, although only the page cache may have it.',
    seen: 'power loss after a crash of the process alone; etcd and ZooKeeper flush again at start for this reason',
    patches: [segments('recover.ts', `flushAgain(disk, last.segment, bytes, end);`, ``)],
    hunt: whatIsShown,
  },
  {
    id: 'segment-served-before-durable',
    wrong: 'An entry is read for a peer while the write that holds it is still under way.',
    seen: 'Kudu and YugabyteDB 32875: what was only in memory was taken for stored',
    patches: [segments('entry-reader.ts', `if (!this.#isDurable(place)) break;`, ``)],
    hunt: whatIsShown,
  },
];
