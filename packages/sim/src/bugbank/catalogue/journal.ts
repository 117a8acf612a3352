/** Mutants of the journal: what is durable when it says so, and what it believes when it is opened again. */
import type { Mutant } from '../mutant.ts';
import {
  engineTests,
  journalConformance,
  journalDamage,
  journalDurability,
  journalFailure,
  journalKill,
  segmentDamage,
  segmentHistories,
} from './hunts.ts';
import { journal, journalCommon, runtime, segments } from './places.ts';

export const JOURNAL_MUTANTS: readonly Mutant[] = [
  {
    id: 'accept-raise-not-in-hard-state',
    wrong: 'An acceptance raises the promise in memory and leaves the stored hard state as it was.',
    seen: 'the reason why faulty entries could silently lower a promise (PAR, FAST 2018)',
    patches: [journal('store.ts', `this.#promised = maxBallot(this.#promised, write.entry.ballot);`, ``)],
    hunt: journalConformance,
  },
  {
    id: 'retry-after-fsync-error',
    wrong: 'A failed write is forgotten and the next one is tried as if nothing had happened.',
    seen: 'fsyncgate (PostgreSQL 2018) and Rebello (ATC 2020): after a failed flush the pages are marked clean',
    patches: [
      journal(
        'store.ts',
        `this.#failure = journalTrouble(this.#directory, action, error);\n            throw this.#failure;`,
        `throw journalTrouble(this.#directory, action, error);`,
      ),
    ],
    hunt: journalFailure,
  },
  {
    id: 'no-resync-on-boot',
    wrong:
      'What is found at start is revealed before it is flushed again, although only the page cache may have it.',
    seen: 'power loss after a crash of the process alone (rule W4 of every write-ahead log)',
    patches: [journal('store.ts', `flushRecovered(directory);\n`, ``)],
    hunt: journalDurability,
  },
  {
    id: 'lazy-fsync',
    wrong: 'Commits are not flushed: the database runs with synchronous = normal, as the driver ships it.',
    seen: 'NATS 2.12.1 (Jepsen): 131,418 of 930,005 acknowledged messages lost at a power failure',
    patches: [
      journal(
        'connection.ts',
        `setAndCheck(connection, 'synchronous', 2, 'full');`,
        `setAndCheck(connection, 'synchronous', 1, 'normal');`,
      ),
    ],
    hunt: journalDurability,
  },
  {
    id: 'peers-gone-unnoticed',
    wrong: 'Rows of peers that are gone are peers that were never met, so an old copy of a peer is admitted.',
    seen: 'one flipped bit in the header of a page: the database itself sees nothing wrong with fewer rows',
    patches: [journal('identity.ts', `if (!isWhole || others.length > 0)`, `if (others.length > 0)`)],
    hunt: journalDamage,
  },
  {
    id: 'read-error-gap',
    wrong:
      'An entry that cannot be read is left out, and the entries behind it are sent as if they followed.',
    seen: 'openraft 1795 (2026): a read error on the leader built an append with a hole',
    patches: [
      journal(
        'entries.ts',
        `throw corrupt(this.#path, \`the entry of slot \${row.slot} does not match its checksum\`, {\n slot: row.slot,\n });`,
        `continue;`,
      ),
      journal(
        'entries.ts',
        `if (slot !== next || !(chosen || slot <= learnedSlot))`,
        `if (!(chosen || slot <= learnedSlot))`,
      ),
      journal('entries.ts', `if (next < untilSlot && next <= learnedSlot) {`, `if (next < 0) {`),
    ],
    hunt: journalDamage,
  },
  {
    id: 'hard-state-falls-back',
    wrong: 'A damaged newer copy of the hard state quietly becomes the lower promise of the older one.',
    seen: 'cocagne/paxos: the durable store falls back to the older file and reneges on a promise',
    patches: [
      journal(
        'hard-state.ts',
        `for (const row of [newer, older]) {`,
        `if (!isIntact(group, newer)) return hardStateOf(older);\n    for (const row of [newer, older]) {`,
      ),
    ],
    hunt: journalDurability,
  },
  {
    id: 'checksum-not-checked',
    wrong: 'Entries are read back without a look at their checksums.',
    seen: 'Redis, LogCabin, MongoDB and others in "Redundancy does not imply fault tolerance" (FAST 2017)',
    patches: [journal('entries.ts', `return row.crc === entryCrc(group, row);`, `return row.crc > -1;`)],
    hunt: journalDamage,
  },
  {
    id: 'shortened-log-accepted',
    wrong:
      'A write-ahead log that was cut short is taken for a whole one, and acknowledged writes are gone without a word.',
    seen: 'SQLite recovers to the first bad frame and forgets what follows; the same in cocagne/paxos, etcd 6982',
    patches: [journal('recover.ts', `if (witnessed.number > number) {`, `if (witnessed.number < 0) {`)],
    hunt: journalDamage,
  },
  {
    id: 'chosen-replaced-in-journal',
    wrong: 'A later accept replaces a value that is stored as chosen.',
    seen: 'pocdb: an older value overwrites a newer one',
    patches: [
      journal('store.ts', `if (this.#tail.isChosen(entry.slot))\n            return;\n`, ``),
      journal('entries.ts', `where chosen = 0\``, `\``),
    ],
    hunt: journalConformance,
  },
  {
    id: 'two-processes-one-directory',
    wrong: 'A journal that another process has open is opened a second time.',
    seen: 'split identities after a restart that did not wait for the old process',
    patches: [
      journal('store.ts', `lock = lockDirectory(directory);`, `lock = { release: () => undefined };`),
    ],
    hunt: journalKill,
  },
  {
    id: 'incarnation-not-raised',
    wrong: 'A restart uses the incarnation of the last life.',
    seen: 'old connections and answers of a former life that are taken for present ones',
    patches: [
      journal(
        'store.ts',
        `this.#incarnation = recovered.state.incarnation + 1;`,
        `this.#incarnation = Math.max(1, recovered.state.incarnation);`,
      ),
    ],
    hunt: journalConformance,
  },
  {
    id: 'foreign-journal-opened',
    wrong: 'A directory of another node or another cluster is opened without a word.',
    seen: 'every restore into the wrong directory',
    patches: [
      journalCommon(
        'same-identity.ts',
        `if (differing.length === 0)\n        return;`,
        `if (differing.length < 99)\n        return;`,
      ),
    ],
    hunt: journalConformance,
  },
  {
    id: 'segment-end-believed',
    wrong: 'The first record that cannot be read is taken for the end of the log, whatever lies behind it.',
    seen: 'LevelDB and others in "Protocol-aware recovery" (FAST 2018): corruption mistaken for a torn write',
    patches: [segments('recover.ts', `requireTornEnd(bytes, number, seed, scan, path);`, ``)],
    hunt: segmentDamage,
  },
  {
    id: 'segment-value-not-checked',
    wrong: 'An entry is read back from a segment without a look at the checksum of its value.',
    seen: 'Redis, LogCabin, MongoDB and others in "Redundancy does not imply fault tolerance" (FAST 2017)',
    patches: [segments('entry-reader.ts', `if (item?.isIntact() === true)`, `if (item !== undefined)`)],
    hunt: segmentDamage,
  },
  {
    id: 'segment-failure-forgotten',
    wrong: 'An append whose flush failed is acknowledged, and so are those after it.',
    seen: 'fsyncgate (PostgreSQL 2018)',
    patches: [
      segments(
        'segment-journal.ts',
        `const failure = this.#failure;\n        for (const { done } of batch)`,
        `const failure = undefined;\n        for (const { done } of batch)`,
      ),
    ],
    hunt: journalFailure,
  },
  {
    id: 'segment-not-written-again',
    wrong:
      'The newest record is believed at a start although a failed flush may have left it in the page cache only.',
    seen: 'Rebello (ATC 2020): after a failed flush the page is marked clean, and a later flush does nothing',
    patches: [segments('recover.ts', `file.write(bytes.subarray(lastRecordAt, at), lastRecordAt);`, ``)],
    hunt: segmentHistories,
  },
  {
    id: 'journal-failure-unheard',
    wrong: 'A journal that fails between two appends is noticed by the next append only.',
    seen: 'PostgreSQL before 2018: a checkpoint that failed was logged, and the next one was reported as done',
    patches: [
      runtime('replica-host.ts', `journal.onFailure((error) => handlers.onJournalFailure(error));`, ``),
    ],
    hunt: engineTests('journal-fails'),
  },
  {
    id: 'stop-waits-for-a-dead-journal',
    wrong: 'A graceful stop waits for a flush although the journal has failed.',
    seen: 'every shutdown hook that waits for a queue which nobody serves any more',
    patches: [
      runtime(
        'lifecycle.ts',
        `this.#host.onFatal(error);\n        this.settle();`,
        `this.#host.onFatal(error);`,
      ),
    ],
    hunt: engineTests('journal-fails'),
  },
  {
    id: 'mark-not-checked',
    wrong: 'A durable store is believed at a start whatever its mark says, although the log holds that slot.',
    seen: 'every restore of a database from another cluster, or from before a change by hand',
    patches: [
      runtime(
        'engine.ts',
        `this.#checkMark();\n        this.#applier.replayUntil`,
        `this.#applier.replayUntil`,
      ),
    ],
    hunt: engineTests('rewound'),
  },
];
