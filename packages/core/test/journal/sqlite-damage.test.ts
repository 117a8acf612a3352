/**
 * Damaged files: a journal never comes back shorter than what it acknowledged without saying so. Offsets are drawn
 * from a printed seed.
 */
import assert from 'node:assert/strict';
import { copyFileSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { createRandom } from '#src/protocol/random.ts';
import { asNodeId } from '#src/protocol/types.ts';
import {
  appendEntries,
  copyIdle,
  DATABASE_FILE,
  flipBit,
  inside,
  judge,
  truncate,
  usedBytes,
  WAL_FILE,
  WITNESS_FILE,
  writeEntries,
} from './damage.ts';
import { openAndClose } from './flavours.ts';
import { copyDirectory, type TemporaryDirectory, temporaryDirectory } from './temporary.ts';

const VALUE_BYTES = 3000;
const SLOTS = 60;
const SAMPLES = 40;

describe('sqlite journal: damage', () => {
  let temporary: TemporaryDirectory;
  /** As a killed process left it: the last writes are in the write-ahead log only. */
  let killed: string;
  /** The same after a clean stop: everything is in the database. */
  let stopped: string;
  /** The witness as it was twenty writes before the end. */
  let earlyWitness: string;
  let copies = 0;

  before(async () => {
    temporary = temporaryDirectory();
    const original = join(temporary.path, 'original');
    const journal = await writeEntries(original, 1, SLOTS - 20, VALUE_BYTES);
    earlyWitness = join(temporary.path, 'early-witness');
    copyFileSync(inside(original, WITNESS_FILE), earlyWitness);
    await appendEntries(journal, SLOTS - 19, SLOTS, VALUE_BYTES);
    killed = join(temporary.path, 'killed');
    copyDirectory(original, killed);
    await journal.close();
    stopped = original;
  });
  after(() => temporary.remove());

  const fresh = (from: string): string => {
    copies += 1;
    return copyIdle(from, join(temporary.path, `copy-${copies}`));
  };

  it('does not believe that it knows no peers, fewer of them, or a name that is bytes and no text', async () => {
    const damages = [
      'delete from peers',
      'delete from peers where node = 3',
      'delete from peer_set',
      'update peers set process_nonce = cast(process_nonce as blob) where node = 2',
    ];
    const original = join(temporary.path, 'with-peers');
    const journal = await writeEntries(original, 1, 3, 100);
    for (const node of [2, 3])
      journal.rememberPeer({
        node: asNodeId(node),
        storageId: String(node).repeat(32),
        incarnation: 4,
        processNonce: 'p',
      });
    await journal.close();
    assert.equal((await judge(fresh(original), 100)).kind, 'whole');
    for (const damage of damages) {
      const directory = fresh(original);
      const database = new Database(inside(directory, DATABASE_FILE));
      database.unsafeMode(true);
      database.pragma('writable_schema = on');
      database.exec("update sqlite_schema set sql = replace(sql, ') strict', ')') where name = 'peers'");
      database.pragma('writable_schema = reset');
      database.exec(damage);
      database.close();
      await assert.rejects(
        openAndClose('main', directory),
        { code: 'JOURNAL_CORRUPT', message: /peer/ },
        damage,
      );
    }
  });

  it('comes back whole when nothing is damaged', async () => {
    assert.deepEqual(await judge(fresh(killed), VALUE_BYTES), { kind: 'whole', slots: SLOTS });
    assert.deepEqual(await judge(fresh(stopped), VALUE_BYTES), { kind: 'whole', slots: SLOTS });
  });

  it('refuses a write-ahead log that was cut anywhere before its acknowledged end', async function () {
    this.timeout(30_000);
    const used = usedBytes(inside(killed, WAL_FILE));
    const { seed, random } = seeded();
    const lengths = [
      0,
      31,
      32,
      used - 1,
      used,
      ...Array.from({ length: SAMPLES }, () => random.below(used + 20_000)),
    ];
    for (const length of lengths) {
      const directory = fresh(killed);
      truncate(inside(directory, WAL_FILE), length);
      const verdict = await judge(directory, VALUE_BYTES);
      const hint = `seed ${seed}, cut at ${length} of ${used}`;
      if (length >= used) assert.deepEqual(verdict, { kind: 'whole', slots: SLOTS }, hint);
      else assert.equal(verdict.kind === 'refused' && verdict.code, 'JOURNAL_CORRUPT', hint);
      rmSync(directory, { recursive: true });
    }
  });

  it('refuses a write-ahead log with a flipped bit', async function () {
    this.timeout(30_000);
    const used = usedBytes(inside(killed, WAL_FILE));
    const { seed, random } = seeded();
    for (let sample = 0; sample < SAMPLES; sample++) {
      const offset = random.below(used);
      const directory = fresh(killed);
      flipBit(inside(directory, WAL_FILE), offset, random.below(8));
      const verdict = await judge(directory, VALUE_BYTES);
      // A bit of the header that SQLite does not use hurts nobody.
      const harmless = verdict.kind === 'whole' && verdict.slots === SLOTS && offset < 32;
      assert.ok(
        harmless || verdict.kind === 'refused',
        `seed ${seed}, bit at ${offset}: ${JSON.stringify(verdict)}`,
      );
      rmSync(directory, { recursive: true });
    }
  });

  it('drops a torn end that was never acknowledged, and nothing before it', async function () {
    this.timeout(30_000);
    const used = usedBytes(inside(killed, WAL_FILE));
    const { seed, random } = seeded();
    const reached = new Set<string>();
    for (let sample = 0; sample < SAMPLES; sample++) {
      const length = random.below(used);
      const directory = fresh(killed);
      copyFileSync(earlyWitness, inside(directory, WITNESS_FILE));
      truncate(inside(directory, WAL_FILE), length);
      const verdict = await judge(directory, VALUE_BYTES);
      reached.add(verdict.kind);
      if (verdict.kind === 'whole')
        assert.ok(verdict.slots >= SLOTS - 20, `seed ${seed}, cut at ${length}: only ${verdict.slots} slots`);
      rmSync(directory, { recursive: true });
    }
    assert.deepEqual([...reached].sort(), ['refused', 'whole'], `seed ${seed}`);
  });

  it('finds a flipped bit in the database, or is not hurt by it', async function () {
    this.timeout(60_000);
    const size = statSync(inside(stopped, DATABASE_FILE)).size;
    const { seed, random } = seeded();
    let refused = 0;
    for (let sample = 0; sample < 3 * SAMPLES; sample++) {
      // One in four hits the first page, where the schema and the settings are.
      const offset = sample % 4 === 0 ? random.below(4096) : random.below(size);
      const directory = fresh(stopped);
      flipBit(inside(directory, DATABASE_FILE), offset, random.below(8));
      const verdict = await judge(directory, VALUE_BYTES);
      const hint = `seed ${seed}, bit at ${offset}: ${JSON.stringify(verdict)}`;
      if (verdict.kind === 'refused') refused += 1;
      else assert.equal(verdict.slots, SLOTS, hint);
      rmSync(directory, { recursive: true });
    }
    assert.ok(refused > 0, `seed ${seed}: no flip was found`);
  });

  it('leaves the evidence as it was, so that the next start refuses too', async () => {
    const directory = fresh(killed);
    truncate(inside(directory, WAL_FILE), 100_000);
    const before = readFileSync(inside(directory, WAL_FILE));
    const first = await judge(directory, VALUE_BYTES);
    assert.match(
      first.kind === 'refused' ? first.message : '',
      /write \d+ was acknowledged, but .* end at write \d+/,
    );
    assert.ok(before.equals(readFileSync(inside(directory, WAL_FILE))));
    assert.deepEqual(await judge(directory, VALUE_BYTES), first);
  });

  it('names the slot of a damaged entry, loaded at start or read later', async () => {
    for (const [slot, found] of [
      [SLOTS, 'at start'],
      [3, 'when read'],
    ] as const) {
      const directory = fresh(stopped);
      alter(directory, `update entries set value = zeroblob(${VALUE_BYTES}) where position = ${slot}`);
      const verdict = await judge(directory, VALUE_BYTES);
      assert.match(
        verdict.kind === 'refused' ? verdict.message : '',
        new RegExp(`the entry of slot ${slot} does not match`),
        found,
      );
    }
  });

  it('notices an entry that vanished or came back in an older version', async () => {
    for (const change of [
      `delete from entries where position = ${SLOTS}`,
      `delete from entries where position = 4`,
      // A valid row, checksum and all, that was never the last one written in this place.
      `insert into entries (position, round, node, chosen, stamp_ms, value, crc)
         select ${SLOTS + 1}, round, node, chosen, stamp_ms, value, crc from entries where position = ${SLOTS}`,
    ]) {
      const directory = fresh(stopped);
      alter(directory, change);
      const verdict = await judge(directory, VALUE_BYTES);
      assert.equal(verdict.kind === 'refused' && verdict.code, 'JOURNAL_CORRUPT', change);
    }
  });

  it('never turns a damaged promise into a lower one', async () => {
    const newest = '(select max(number) from state)';
    for (const change of [
      `update state set promised_round = promised_round - 1 where number = ${newest}`,
      `update state set crc = crc + 1 where number < ${newest}`,
      `delete from state where number = ${newest}`,
      `delete from state where number < ${newest}`,
    ]) {
      const directory = fresh(stopped);
      alter(directory, change);
      const verdict = await judge(directory, VALUE_BYTES);
      assert.equal(verdict.kind === 'refused' && verdict.code, 'JOURNAL_CORRUPT', change);
    }
  });

  it('needs one of the two places of the witness, and refuses without both', async () => {
    const directory = fresh(stopped);
    const witness = readFileSync(inside(directory, WITNESS_FILE));
    for (const [torn, kind] of [
      [[0], 'whole'],
      [[4096], 'whole'],
      [[0, 4096], 'refused'],
    ] as const) {
      const copy = fresh(stopped);
      const bytes = Buffer.from(witness);
      for (const offset of torn) bytes.fill(0xaa, offset + 10, offset + 20);
      writeFileSync(inside(copy, WITNESS_FILE), bytes);
      assert.equal((await judge(copy, VALUE_BYTES)).kind, kind, `torn at ${torn.join(' and ')}`);
    }
  });

  it('refuses a directory whose files are missing or from another one', async () => {
    const other = join(temporary.path, 'other');
    await (await writeEntries(other, 1, 3, VALUE_BYTES)).close();
    const mixed = fresh(stopped);
    copyFileSync(inside(other, WITNESS_FILE), inside(mixed, WITNESS_FILE));
    const withoutWitness = fresh(stopped);
    rmSync(inside(withoutWitness, WITNESS_FILE));
    const withoutDatabase = fresh(stopped);
    rmSync(inside(withoutDatabase, DATABASE_FILE));
    for (const directory of [mixed, withoutWitness, withoutDatabase]) {
      const verdict = await judge(directory, VALUE_BYTES);
      assert.equal(verdict.kind === 'refused' && verdict.code, 'JOURNAL_CORRUPT');
    }
  });
});

function seeded() {
  const seed = Date.now() % 1_000_000;
  return { seed, random: createRandom(seed) };
}

/** Changes the database behind the journal's back. */
function alter(directory: string, sql: string): void {
  const database = new Database(inside(directory, DATABASE_FILE));
  database.exec(sql);
  database.close();
}
