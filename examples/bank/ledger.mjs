// The SQLite file of one node: accounts, and beside them what the framework keeps there (mark, records, last results). All
// changes of a batch are one transaction.
import { createHash } from 'node:crypto';
import { EMPTY_IMAGE, readImage, writeImage } from '@quorate/core/ports';
import { ByteReader, ByteWriter } from '@quorate/wire';
import Database from 'better-sqlite3';

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS account (name TEXT PRIMARY KEY, balance INTEGER NOT NULL CHECK (balance >= 0)) STRICT;
  CREATE TABLE IF NOT EXISTS framework (id INTEGER PRIMARY KEY CHECK (id = 1), deposited INTEGER NOT NULL, image BLOB NOT NULL) STRICT;
`;

export class Ledger {
  #path;
  #db;
  #statements;

  constructor(path) {
    this.#path = path;
    this.#db = new Database(path);
    // The log is the write-ahead log: a commit need not be flushed, only whole. `flush` makes it durable.
    this.#db.pragma('journal_mode = WAL');
    this.#db.pragma('synchronous = NORMAL');
    this.#db.exec(SCHEMA);
    const prepare = (sql) => this.#db.prepare(sql);
    this.#statements = {
      balance: prepare('SELECT balance FROM account WHERE name = ?').pluck(),
      add: prepare(
        'INSERT INTO account VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET balance = balance + excluded.balance',
      ),
      take: prepare('UPDATE account SET balance = balance - ? WHERE name = ?'),
      total: prepare('SELECT coalesce(sum(balance), 0) FROM account').pluck(),
      framework: prepare('SELECT deposited, image FROM framework'),
      keep: prepare('INSERT OR REPLACE INTO framework VALUES (1, ?, ?)'),
      clear: prepare('DELETE FROM account'),
    };
  }

  /** Runs `work` as one transaction: all of it, or nothing when it throws. */
  atomically(work) {
    return this.#db.transaction(work).immediate();
  }

  image() {
    const row = this.#statements.framework.get();
    return row === undefined ? EMPTY_IMAGE : readImage(new ByteReader(row.image));
  }

  /** All that was ever deposited: what `total` must be. */
  deposited() {
    return this.#statements.framework.get()?.deposited ?? 0;
  }

  keep(image, deposited) {
    const out = new ByteWriter();
    writeImage(out, image);
    this.#statements.keep.run(deposited, out.bytes());
  }

  balance(name) {
    return this.#statements.balance.get(name);
  }

  total() {
    return this.#statements.total.get();
  }

  add(name, amount) {
    this.#statements.add.run(name, amount);
  }

  take(name, amount) {
    this.#statements.take.run(amount, name);
  }

  clear() {
    this.#statements.clear.run();
  }

  digest() {
    const hash = createHash('sha256');
    for (const { name, balance } of this.#db
      .prepare('SELECT name, balance FROM account ORDER BY name')
      .iterate())
      hash.update(`${name} ${balance}\n`);
    return hash.digest('hex').slice(0, 16);
  }

  /** Everything committed is on the disk afterwards. */
  flush() {
    this.#db.pragma('wal_checkpoint(TRUNCATE)');
  }

  /** The state of this moment, to be read while others write: an open read transaction of SQLite. */
  openView() {
    const view = new Database(this.#path, { readonly: true });
    view.exec('BEGIN');
    const framework = view.prepare('SELECT deposited, image FROM framework').get();
    const accounts = view.prepare('SELECT name, balance FROM account ORDER BY name');
    return { framework, accounts: () => accounts.iterate(), close: () => view.close() };
  }

  close() {
    if (this.#db.open) this.#db.close();
  }
}
