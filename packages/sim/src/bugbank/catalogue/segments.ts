/** Bugs of append-only logs, planted into the journal of segments. */
import type { Hunt, Mutant } from '../mutant.ts';
import { testsOf } from './hunts.ts';
import { segments } from './places.ts';

const onFiles: Hunt = testsOf('journal damage', 'core', 'journal/segment-damage.test.js');
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
    id: 'damage-taken-for-a-torn-end',
    wrong: 'Whatever cannot be read is the end of the log, although valid records lie behind it.',
    seen: 'NATS 2.12.1 (Jepsen), LogCabin and others in FAST 2017: one bad record, and acknowledged ones behind it are dropped',
    patches: [
      segments(
        'scan.ts',
        `for (let at = end; at < bytes.length; at += SECTOR_BYTES) {`,
        `for (let at = bytes.length; at < bytes.length; at += SECTOR_BYTES) {`,
      ),
    ],
    hunt: onFiles,
  },
  {
    id: 'segment-value-not-checked',
    wrong: 'A value is read back without a look at its checksum.',
    seen: 'systems that protect their metadata and not the data ("Redundancy does not imply fault tolerance", FAST 2017)',
    patches: [
      segments('layout.ts', `const value = this.#value();`, `return true; const value = this.#value();`),
    ],
    hunt: onFiles,
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
