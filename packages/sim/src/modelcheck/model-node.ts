/**
 * One node of the model: its replica's state, its disk, what its host still owes, and a record of its past that only
 * the judge reads. Immutable: an action makes a new one. A node that crashed has restarted; being down longer shows
 * nobody anything that an idle node would not show.
 */
import type {
  AcceptedEntry,
  JournalWrite,
  NodeId,
  Outgoing,
  ReplicaState,
  Slot,
} from '@quorate/core/protocol';
import type { Disk } from './disk.ts';

/** A read that was asked and not answered. It must not be answered below `floorSlot`. */
export type OpenRead = { readonly ticket: number; readonly floorSlot: number };

/** Survives crashes, for no crash changes what has happened. */
export type Past = {
  readonly campaigns: number;
  readonly proposals: number;
  /** 1 at the first start. */
  readonly incarnation: number;
  readonly crashesLeft: number;
  /** Nothing that is written from now on becomes durable before the next crash. */
  readonly doomed: boolean;
  readonly ticks: number;
  readonly expiries: number;
  readonly reads: number;
  readonly openReads: readonly OpenRead[];
  /** Everything ever accepted durably. */
  readonly accepted: readonly AcceptedEntry[];
  /** Everything ever proposed under a ballot of this node. */
  readonly proposed: readonly AcceptedEntry[];
  /** Highest round used, and highest round used before the last crash. */
  readonly usedRound: number;
  readonly formerRound: number;
  /** Highest slot ever learned. */
  readonly highestLearned: number;
};

export type ModelNode = {
  readonly self: NodeId;
  /** Belongs to this node alone and is never stepped in place. */
  readonly state: ReplicaState;
  readonly disk: Disk;
  /** What the journal was told to be learned; on disk with the next flush. */
  readonly journalLearned: Slot;
  /** In order; the first one needs a flush. */
  readonly unflushed: readonly JournalWrite[];
  /** Messages that wait for a write. */
  readonly outbox: readonly Outgoing[];
  readonly past: Past;
};

export const NO_PAST: Past = {
  campaigns: 0,
  proposals: 0,
  incarnation: 1,
  crashesLeft: 0,
  doomed: false,
  ticks: 0,
  expiries: 0,
  reads: 0,
  openReads: [],
  accepted: [],
  proposed: [],
  usedRound: 0,
  formerRound: 0,
  highestLearned: 0,
};
