/** Bugs of append-only logs, planted into the journal of segments. */
import type { Hunt, Mutant } from '../mutant.ts';
import { testsOf } from './hunts.ts';
import { segments } from './places.ts';

const whatIsShown: Hunt = testsOf('simulated disk', 'sim', 'disk/durability.test.js');
const lostTail: Hunt = testsOf('segment sweeps', 'core', 'journal/segment-tail.test.js');
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
  {
    id: 'segment-tail-not-missed',
    wrong:
      'A log that ends before what was durable at a clean stop is taken for one whose last flush was cut short.',
    seen: 'etcd 6982 and many others: a log that lost its end in the file system comes back shorter without a word',
    patches: [
      segments('witness.ts', `if (segment <= lastSegment)`, `if (segment > -1)`),
      segments('witness.ts', `if (last.number > number ||`, `if (last.number > -1 ||`),
    ],
    hunt: lostTail,
  },
  {
    id: 'segment-witness-ahead',
    wrong: 'At a clean stop the witness names the last record before that is durable.',
    seen: 'every marker file that is written before what it marks: a stop that is cut short locks the node out',
    patches: [
      segments(
        'segment-journal.ts',
        `writer.write(kind, [], (error) => {`,
        `const { number, ...others } = writer.reached;\n        recovered.witness.write({ ...others, number: number + 1 });\n        writer.write(kind, [], (error) => {`,
      ),
    ],
    hunt: whatIsShown,
  },
];
