/**
 * One open journal, synchronous: the same on the main thread and in a worker. Owns the writing connection, the
 * witness and the lock; keeps the state that the next transaction will store. Leaves to its callers when to
 * commit, in which order to acknowledge, and when there is time for a checkpoint.
 *
 * Every change is one transaction that ends by writing the hard state. The first failure is final: every later
 * call throws the same error, so nothing can be acknowledged after it.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { QuorateError } from '@quorate/wire';
import type { JournalIdentity, OpenedJournal, PeerRecord } from '../../ports/journal.ts';
import { maxBallot } from '../../protocol/ballot.ts';
import type { JournalWrite } from '../../protocol/replica-types.ts';
import type { Ballot, ChosenEntry, Slot } from '../../protocol/types.ts';
import { type DirectoryLock, lockDirectory } from '../journal-common/directory-lock.ts';
import { ensureDirectory, preallocate, syncPath } from '../journal-common/files.ts';
import { FlushTimes } from '../journal-common/flush-times.ts';
import { refuseOtherKind } from '../journal-common/kinds.ts';
import { journalTrouble } from '../journal-common/trouble.ts';
import { type Connection, openWriter, type Statement } from './connection.ts';
import { Entries } from './entries.ts';
import { formatIfEmpty } from './format.ts';
import { HardStateWriter } from './hard-state.ts';
import { putPeer } from './identity.ts';
import { flushRecovered, type Recovered, recover } from './recover.ts';
import { DATABASE_FILE, PAGE_BYTES } from './schema.ts';
import type { Tail } from './tail.ts';
import { WITNESS_FILE, Witness } from './witness.ts';

/** What the write-ahead log is given at open; commits stay within it, so that flushing them stays fast. */
const WAL_BYTES = 4 * 1024 * 1024;

export type OpenedStore = { readonly store: JournalStore; readonly opened: OpenedJournal };

export class JournalStore {
  readonly #directory: string;
  readonly #lock: DirectoryLock;
  readonly #connection: Connection;
  readonly #witness: Witness;
  readonly #entries: Entries;
  readonly #hardState: HardStateWriter;
  readonly #begin: Statement;
  readonly #commit: Statement;
  readonly #tail: Tail;
  readonly #flushTimes = new FlushTimes();
  readonly #incarnation: number;
  #number: number;
  #promised: Ballot;
  /** The learned slot in memory is ahead of the stored one. */
  #learnedIsDirty = false;
  #unmergedBytes = 0;
  #failure: QuorateError | undefined;

  /** @throws JOURNAL_LOCKED, JOURNAL_FOREIGN, JOURNAL_CORRUPT, JOURNAL_IO */
  static open(directory: string, identity: JournalIdentity): OpenedStore {
    let lock: DirectoryLock | undefined;
    try {
      ensureDirectory(directory);
      lock = lockDirectory(directory);
      refuseOtherKind(readdirSync(directory), 'sqlite', directory);
      const formatted = formatIfEmpty(directory, identity);
      const recovered = recover(directory, identity);
      flushRecovered(directory);
      const store = new JournalStore(directory, identity, lock, recovered);
      const { image, storageId, peers } = recovered;
      return { store, opened: { image, storageId, incarnation: store.#incarnation, peers, formatted } };
    } catch (error) {
      lock?.release();
      throw journalTrouble(directory, 'opening the journal', error);
    }
  }

  private constructor(
    directory: string,
    identity: JournalIdentity,
    lock: DirectoryLock,
    recovered: Recovered,
  ) {
    const path = join(directory, DATABASE_FILE);
    this.#directory = directory;
    this.#lock = lock;
    this.#tail = recovered.tail;
    this.#number = recovered.state.number;
    this.#promised = recovered.state.promised;
    this.#incarnation = recovered.state.incarnation + 1;
    this.#connection = openWriter(path, WAL_BYTES);
    try {
      this.#connection.pragma('wal_checkpoint(truncate)');
      preallocate(`${path}-wal`, WAL_BYTES);
      this.#entries = new Entries(this.#connection, identity.group, path);
      this.#hardState = new HardStateWriter(this.#connection, identity.group, path);
      this.#begin = this.#connection.prepare('begin immediate');
      this.#commit = this.#connection.prepare('commit');
      this.#witness = new Witness(join(directory, WITNESS_FILE), recovered.storageId);
      // Raises the incarnation, and makes durable what recovery concluded.
      this.#transact('raising the incarnation', () => undefined);
      this.#witness.flush();
      syncPath(directory);
    } catch (error) {
      this.#connection.close();
      throw error;
    }
  }

  /** Why nothing can be made durable any more. */
  failure(): QuorateError | undefined {
    return this.#failure;
  }

  /** Committed pages that are not merged into the database, in bytes; estimated. */
  get unmergedBytes(): number {
    return this.#unmergedBytes;
  }

  /** False when there is nothing left for `settle`. */
  get isUnsettled(): boolean {
    return this.#unmergedBytes > 0 || this.#learnedIsDirty;
  }

  flushMs(): { readonly p50: number; readonly p99: number } {
    return this.#flushTimes.percentiles();
  }

  /**
   * Makes the writes durable, in order, in one transaction. A batch that only says what has been learned is kept
   * in memory: it is stored with the next transaction, or when the journal settles.
   */
  commit(batches: readonly (readonly JournalWrite[])[]): void {
    this.#throwIfFailed();
    if (batches.every((writes) => writes.every((write) => write.kind === 'learned'))) {
      this.#attempt('recording what was learned', () => this.#applyAll(batches));
      this.#learnedIsDirty = true;
      return;
    }
    this.#transact('writing entries', () => this.#applyAll(batches));
  }

  /** See `Journal.readEntries`. */
  readEntries(fromSlot: Slot, untilSlot: Slot, maxBytes: number): ChosenEntry[] {
    this.#throwIfFailed();
    try {
      return this.#entries.readChosen(fromSlot, untilSlot, maxBytes, this.#tail.learnedSlot);
    } catch (error) {
      throw journalTrouble(this.#directory, 'reading entries', error);
    }
  }

  rememberPeer(record: PeerRecord): void {
    this.#transact('remembering a peer', () => putPeer(this.#connection, record));
  }

  /** Merges committed pages into the database. Takes about a millisecond per megabyte: call it when nobody waits. */
  checkpoint(): void {
    this.#attempt('merging the write-ahead log', () => {
      this.#connection.pragma('wal_checkpoint(passive)');
      this.#unmergedBytes = 0;
    });
  }

  /** For a quiet moment: stores what was learned, empties the write-ahead log, flushes the witness. */
  settle(): void {
    if (!this.isUnsettled) return;
    if (this.#learnedIsDirty) this.#transact('recording what was learned', () => undefined);
    this.checkpoint();
    this.#attempt('flushing the witness', () => this.#witness.flush());
  }

  /** Idempotent. After a failure it only lets go. */
  close(): void {
    if (!this.#connection.open) return;
    try {
      if (this.#failure === undefined) this.settle();
    } finally {
      this.#connection.close();
      this.#witness.close();
      this.#lock.release();
    }
    syncPath(this.#directory);
  }

  #applyAll(batches: readonly (readonly JournalWrite[])[]): void {
    for (const writes of batches) {
      for (const write of writes) this.#apply(write);
    }
  }

  #apply(write: JournalWrite): void {
    switch (write.kind) {
      case 'promise':
        this.#promised = maxBallot(this.#promised, write.ballot);
        return;
      case 'accept':
        // Accepting binds like promising, in the same transaction.
        this.#promised = maxBallot(this.#promised, write.entry.ballot);
        this.#put(write.entry, false);
        return;
      case 'chosen':
        this.#put(write.entry, true);
        return;
      case 'learned':
        this.#tail.learn(write.slot);
        return;
      default:
        return write satisfies never;
    }
  }

  #put(entry: ChosenEntry, chosen: boolean): void {
    if (this.#tail.isChosen(entry.slot)) return;
    this.#tail.put(entry.slot, this.#entries.put(entry, chosen), chosen);
    const bytes = entry.value.kind === 'batch' ? entry.value.bytes.length : 0;
    this.#unmergedBytes += Math.ceil((bytes + 64) / PAGE_BYTES) * PAGE_BYTES;
  }

  #transact(action: string, change: () => void): void {
    this.#throwIfFailed();
    this.#attempt(action, () => {
      const startMs = performance.now();
      this.#begin.run();
      change();
      this.#number += 1;
      this.#hardState.write({
        number: this.#number,
        incarnation: this.#incarnation,
        promised: this.#promised,
        learnedSlot: this.#tail.learnedSlot,
        tailCount: this.#tail.count,
        tailCrc: this.#tail.crc,
      });
      this.#commit.run();
      this.#witness.note(this.#number);
      this.#learnedIsDirty = false;
      this.#unmergedBytes += PAGE_BYTES;
      this.#flushTimes.add(performance.now() - startMs);
    });
  }

  /** Runs a step that may fail only once: its error ends this journal. */
  #attempt(action: string, step: () => void): void {
    this.#throwIfFailed();
    try {
      step();
    } catch (error) {
      this.#failure = journalTrouble(this.#directory, action, error);
      throw this.#failure;
    }
  }

  #throwIfFailed(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }
}
