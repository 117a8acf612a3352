/**
 * Collects what one step gives out: journal writes, messages, deliveries, answers. Numbers the writes.
 *
 * Empty parts share one frozen array, so that a step which does little allocates little.
 */
import type { Lane, Message } from './message.ts';
import type {
  CatchUpService,
  JournalWrite,
  Outgoing,
  Output,
  ReadAnswer,
  Settlement,
} from './replica-types.ts';
import {
  type AcceptedEntry,
  asWriteSequence,
  type Ballot,
  type ChosenEntry,
  type NodeId,
  type Slot,
  type WriteSequence,
} from './types.ts';

const NONE: readonly never[] = Object.freeze([]);

/** Heartbeats, votes and read rounds must not wait behind values; everything with values is bulk. */
function laneOf(message: Message): Lane {
  switch (message.kind) {
    case 'accept':
    case 'accepted':
    case 'learned':
    case 'promise':
    case 'prepare':
    case 'catch-up-request':
    case 'catch-up-reply':
      return 'bulk';
    case 'heartbeat':
    case 'heartbeat-echo':
    case 'pre-vote':
    case 'pre-vote-reply':
    case 'nack':
    case 'read-index-request':
    case 'read-index-reply':
    case 'transfer':
      return 'control';
    default:
      return message satisfies never;
  }
}

export class Effects {
  #persist: JournalWrite[] | undefined;
  #send: Outgoing[] | undefined;
  #deliver: ChosenEntry[] | undefined;
  #reads: ReadAnswer[] | undefined;
  #settle: Settlement[] | undefined;
  #catchUp: CatchUpService[] | undefined;
  #roleChanged = false;
  #lastWrite: WriteSequence = asWriteSequence(0);
  #lastEntryWrite: WriteSequence = asWriteSequence(0);

  /** The newest write handed out in this incarnation; waiting for it means waiting for all writes so far. */
  get lastWrite(): WriteSequence {
    return this.#lastWrite;
  }

  /** The newest write that changed the value of a slot. */
  get lastEntryWrite(): WriteSequence {
    return this.#lastEntryWrite;
  }

  persistPromise(ballot: Ballot): WriteSequence {
    return this.#write({ kind: 'promise', sequence: this.#nextWrite(), ballot });
  }

  persistAccept(entry: AcceptedEntry): WriteSequence {
    this.#lastEntryWrite = this.#write({ kind: 'accept', sequence: this.#nextWrite(), entry });
    return this.#lastEntryWrite;
  }

  persistChosen(entry: ChosenEntry): WriteSequence {
    this.#lastEntryWrite = this.#write({ kind: 'chosen', sequence: this.#nextWrite(), entry });
    return this.#lastEntryWrite;
  }

  persistLearned(slot: Slot): WriteSequence {
    return this.#write({ kind: 'learned', sequence: this.#nextWrite(), slot });
  }

  /** Sends at once. */
  send(to: NodeId, message: Message): void {
    this.sendAfter(to, message, asWriteSequence(0));
  }

  sendAfter(to: NodeId, message: Message, after: WriteSequence): void {
    (this.#send ??= []).push({ to, lane: laneOf(message), after, message });
  }

  deliver(entry: ChosenEntry): void {
    (this.#deliver ??= []).push(entry);
  }

  answerRead(answer: ReadAnswer): void {
    (this.#reads ??= []).push(answer);
  }

  settle(settlement: Settlement): void {
    (this.#settle ??= []).push(settlement);
  }

  serveCatchUp(service: CatchUpService): void {
    (this.#catchUp ??= []).push(service);
  }

  noteRoleChange(): void {
    this.#roleChanged = true;
  }

  /** A second collector that goes on numbering where this one is; what this one has collected stays here. */
  continued(): Effects {
    const other = new Effects();
    other.#lastWrite = this.#lastWrite;
    other.#lastEntryWrite = this.#lastEntryWrite;
    return other;
  }

  take(): Output {
    const output: Output = {
      persist: this.#persist ?? NONE,
      send: this.#send ?? NONE,
      deliver: this.#deliver ?? NONE,
      reads: this.#reads ?? NONE,
      settle: this.#settle ?? NONE,
      catchUp: this.#catchUp ?? NONE,
      roleChanged: this.#roleChanged,
    };
    this.#persist = undefined;
    this.#send = undefined;
    this.#deliver = undefined;
    this.#reads = undefined;
    this.#settle = undefined;
    this.#catchUp = undefined;
    this.#roleChanged = false;
    return output;
  }

  #nextWrite(): WriteSequence {
    this.#lastWrite = asWriteSequence(this.#lastWrite + 1);
    return this.#lastWrite;
  }

  #write(write: JournalWrite): WriteSequence {
    (this.#persist ??= []).push(write);
    return write.sequence;
  }
}
