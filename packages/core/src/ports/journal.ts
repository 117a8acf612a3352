/**
 * The local durable record of one node: its identity, what it promised, what it accepted, who its peers are.
 *
 * Contract. `append` calls are made one after another, the next one possibly before the last one is done; their
 * callbacks come in the same order. A callback with `undefined` means: every write of that call, and of all calls
 * before it, is on stable storage (flushed). A callback with an error is final: the journal accepts nothing more
 * and the process must end; no acknowledgement may leave after it. A journal works between appends too, and `onFailure`
 * hears of what fails there at once, not with the next append. `readEntries` sees every write whose callback
 * has run. One process has the journal open at a time; a second `open` fails with JOURNAL_LOCKED.
 */
import type { QuorateError } from '@quorate/wire';
import type { JournalImage, JournalWrite } from '../protocol/replica-types.ts';
import type { AcceptedEntry, Ballot, ChosenEntry, NodeId, Slot } from '../protocol/types.ts';

/** Written once when a directory is formatted; a directory with another one is refused (JOURNAL_FOREIGN). */
export type JournalIdentity = {
  readonly clusterId: string;
  /** Hash of the members in id order: two files with the same addresses in another order must not mix. */
  readonly genesisDigest: string;
  readonly node: NodeId;
  readonly group: number;
};

/** What this node knows about a peer's storage; flushed at the first Hello of a storage or incarnation. */
export type PeerRecord = {
  readonly node: NodeId;
  readonly storageId: string;
  /** Highest incarnation seen. */
  readonly incarnation: number;
  /** Random name of the process that ran as this incarnation: another one is a copy of the directory. */
  readonly processNonce: string;
};

export type OpenedJournal = {
  readonly image: JournalImage;
  /** 128-bit random hexadecimal, made when the directory was formatted. */
  readonly storageId: string;
  /** Raised by one and flushed by this very open. 1 at the first start. */
  readonly incarnation: number;
  readonly peers: readonly PeerRecord[];
  /** True when this open formatted an empty directory. */
  readonly formatted: boolean;
};

export interface Journal {
  /**
   * Formats or recovers. Everything recovered has been flushed again before this resolves.
   * @throws JOURNAL_LOCKED, JOURNAL_FOREIGN, JOURNAL_CORRUPT, JOURNAL_IO
   */
  open(identity: JournalIdentity): Promise<OpenedJournal>;
  /** See the contract above. `writes` is not empty; it is not changed after the call. */
  append(writes: readonly JournalWrite[], done: (error: QuorateError | undefined) => void): void;
  /**
   * Chosen entries from `fromSlot` up to, not including, `untilSlot`: dense, ascending, at most `maxBytes` of
   * values but at least one entry if the first is there. Stops at the first slot that is not held.
   * @throws JOURNAL_CORRUPT when a checksum fails, JOURNAL_IO
   */
  readEntries(fromSlot: Slot, untilSlot: Slot, maxBytes: number): readonly ChosenEntry[];
  /**
   * `hear` is called once, with the failure that ended the journal, whatever met it: an append, a call, or the journal's
   * own work between two of them. Never inside a call to the journal. One listener; what fails in `close`, `close` says.
   */
  onFailure(hear: (error: QuorateError) => void): void;
  /** Flushed before it returns. @throws JOURNAL_IO */
  rememberPeer(record: PeerRecord): void;
  /** Waits for outstanding appends, then releases files and lock. Idempotent. */
  close(): Promise<void>;
  /** Flush latency of recent appends in milliseconds; NaN before the first. For status and metrics. */
  flushMs(): { readonly p50: number; readonly p99: number };
}

/** A read-only look at a journal that no process has open, for `quorate inspect`. */
export type JournalDump = {
  readonly identity: JournalIdentity & {
    readonly storageId: string;
    readonly incarnation: number;
    readonly formatVersion: number;
  };
  readonly promised: Ballot;
  readonly learnedSlot: Slot;
  readonly peers: readonly PeerRecord[];
  /** Ascending by slot; `intact` is false when the record's checksum fails. */
  entries(): Iterable<AcceptedEntry & { readonly chosen: boolean; readonly intact: boolean }>;
  close(): void;
};
