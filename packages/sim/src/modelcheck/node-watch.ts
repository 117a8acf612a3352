/**
 * The properties that one node's own disk and past decide: PROMISE-MONO, ACCEPT-GE-PROMISE, BALLOT-UNIQUE,
 * ONE-VALUE-PER-BALLOT at its proposer, DURABLE-BEFORE-SEND, READ-LINEARIZABLE.
 *
 * Judged on what the node writes and says, never on what its replica believes. What depends on other nodes becomes a
 * fact for the judge.
 */
import type { AcceptedEntry, Ballot, JournalWrite, Message, ReadAnswer } from '@quorate/core/protocol';
import type { Violation } from './action.ts';
import { keyOf } from './ballot-key.ts';
import { ballotOf, heldAt } from './disk.ts';
import type { NodeTurn } from './node-turn.ts';

export class NodeWatch {
  readonly #turn: NodeTurn;
  readonly #fail: (violation: Violation) => void;

  constructor(turn: NodeTurn, fail: (violation: Violation) => void) {
    this.#turn = turn;
    this.#fail = fail;
  }

  /** The highest ballot that anything written binds this node to, durable or not. */
  #bound(): Ballot {
    const { disk, unflushed } = this.#turn;
    let bound = disk.promised;
    for (const write of unflushed) {
      const ballot = write.kind === 'learned' ? undefined : ballotOf(write);
      if (ballot !== undefined && keyOf(ballot) > keyOf(bound)) bound = ballot;
    }
    return bound;
  }

  onWrite(write: JournalWrite): void {
    const { protocol } = this.#turn.setting;
    if (write.kind === 'learned') return;
    if (write.kind === 'chosen') {
      const { slot, value } = write.entry;
      this.#turn.establish({ kind: 'relies', slot, value: protocol.describeValue(value), on: 'LEARN-MATCH' });
      this.#turn.reach('learned-by-catch-up');
      return;
    }
    const ballot = write.kind === 'promise' ? write.ballot : write.entry.ballot;
    if (keyOf(ballot) < keyOf(this.#bound())) {
      const property = write.kind === 'promise' ? 'PROMISE-MONO' : 'ACCEPT-GE-PROMISE';
      this.#fail({
        property,
        detail: `${this.#who()} writes ${protocol.describeWrite(write)}, bound to ${protocol.describeBallot(this.#bound())}`,
      });
    }
    if (write.kind === 'accept' && write.entry.ballot.node === this.#turn.state.self)
      this.#onProposal(write.entry);
  }

  onAcceptedDurably({ slot, ballot, value }: AcceptedEntry): void {
    const { past, setting } = this.#turn;
    this.#turn.past = { ...past, accepted: [...past.accepted, { slot, ballot, value }] };
    this.#turn.establish({ kind: 'accepted', slot, ballot, value: setting.protocol.describeValue(value) });
  }

  /** A value gets into the world under a ballot of this node: by its own acceptance or by an Accept, whichever is first. */
  #onProposal(entry: AcceptedEntry): void {
    const { past, setting } = this.#turn;
    const { protocol } = setting;
    const value = protocol.describeValue(entry.value);
    const known = past.proposed.find(
      (other) => other.slot === entry.slot && keyOf(other.ballot) === keyOf(entry.ballot),
    );
    if (known === undefined) {
      const { slot, ballot } = entry;
      this.#turn.past = { ...past, proposed: [...past.proposed, { slot, ballot, value: entry.value }] };
      this.#turn.establish({ kind: 'proposed', slot, ballot, value });
    } else if (protocol.describeValue(known.value) !== value) {
      this.#fail({
        property: 'ONE-VALUE-PER-BALLOT',
        detail: `${this.#who()} proposes ${protocol.describeValue(known.value)} and ${value} for slot ${entry.slot} at ${protocol.describeBallot(entry.ballot)}`,
      });
    }
  }

  onLeaving(message: Message): void {
    switch (message.kind) {
      case 'prepare':
        this.#onOwnBallot(message.ballot);
        return this.#requireBound(message, message.ballot);
      case 'accept':
        this.#onOwnBallot(message.ballot);
        this.#onProposal({ slot: message.slot, ballot: message.ballot, value: message.value });
        return this.#requireBound(message, message.ballot);
      case 'promise':
        this.#requireBound(message, message.ballot);
        for (const entry of message.entries) this.#requireHeld(entry);
        return;
      case 'accepted':
        this.#requireBound(message, message.ballot);
        for (let slot = 1; slot <= message.throughSlot; slot++) this.#requireAccepted(slot, message.ballot);
        for (const { fromSlot, untilSlot } of message.ranges) {
          for (let slot: number = fromSlot; slot < untilSlot; slot++)
            this.#requireAccepted(slot, message.ballot);
        }
        return;
      case 'catch-up-reply':
        for (const { slot, value } of message.entries) {
          this.#turn.establish({
            kind: 'relies',
            slot,
            value: this.#turn.setting.protocol.describeValue(value),
            on: 'LEARN-MATCH',
          });
        }
        return;
      default:
        return;
    }
  }

  /** A ballot of an earlier incarnation is never used again. */
  #onOwnBallot(ballot: Ballot): void {
    const { past, state, setting } = this.#turn;
    const isOwn = ballot.node === state.self;
    if (!isOwn || ballot.round <= past.formerRound) {
      this.#fail({
        property: 'BALLOT-UNIQUE',
        detail: `${this.#who()} uses ballot ${setting.protocol.describeBallot(ballot)}${isOwn ? ', which it used before it crashed' : ''}`,
      });
    }
    if (ballot.round > past.usedRound) this.#turn.past = { ...past, usedRound: ballot.round };
  }

  #requireBound(message: Message, ballot: Ballot): void {
    const { disk, setting } = this.#turn;
    if (keyOf(ballot) <= keyOf(disk.promised)) return;
    this.#notDurable(
      message.kind,
      `it is durably bound to ${setting.protocol.describeBallot(disk.promised)}`,
    );
  }

  #requireHeld({ slot, ballot }: AcceptedEntry): void {
    const { disk, setting } = this.#turn;
    const held = heldAt(disk.entries, slot);
    // What it held may have been replaced at a higher ballot while the message waited.
    if (held !== undefined && (held.chosen || keyOf(held.ballot) >= keyOf(ballot))) return;
    this.#notDurable(
      'promise',
      `slot ${slot} is not on its disk at ${setting.protocol.describeBallot(ballot)}`,
    );
  }

  /** Accepted at exactly this ballot, or else chosen. */
  #requireAccepted(slot: number, ballot: Ballot): void {
    const { past } = this.#turn;
    if (past.accepted.some((entry) => entry.slot === slot && keyOf(entry.ballot) === keyOf(ballot))) return;
    this.#turn.establish({ kind: 'relies', slot, value: undefined, on: 'DURABLE-BEFORE-SEND' });
  }

  #notDurable(kind: string, detail: string): void {
    this.#fail({ property: 'DURABLE-BEFORE-SEND', detail: `${this.#who()} sends ${kind} while ${detail}` });
  }

  onReadAnswer(answer: ReadAnswer): void {
    const { past } = this.#turn;
    const read = past.openReads.find(({ ticket }) => ticket === answer.ticket);
    if (read === undefined) {
      this.#fail({
        property: 'READ-ONCE',
        detail: `${this.#who()} answers read ${answer.ticket}, which nobody waits for`,
      });
      return;
    }
    this.#turn.past = { ...past, openReads: past.openReads.filter((other) => other !== read) };
    this.#turn.reach(answer.kind === 'ready' ? 'read-answered' : 'read-refused');
    if (answer.kind === 'refused' || answer.slot >= read.floorSlot) return;
    this.#fail({
      property: 'READ-LINEARIZABLE',
      detail: `${this.#who()} answers read ${answer.ticket} at slot ${answer.slot}; slot ${read.floorSlot} was known to be chosen when it was asked`,
    });
  }

  /** Whatever happened, the replica must remember what it is bound to. */
  onEnd(): void {
    const { state, setting } = this.#turn;
    const bound = this.#bound();
    if (keyOf(state.promised) >= keyOf(bound)) return;
    this.#fail({
      property: 'PROMISE-MONO',
      detail: `${this.#who()} believes to be bound to ${setting.protocol.describeBallot(state.promised)}, but is to ${setting.protocol.describeBallot(bound)}`,
    });
  }

  #who(): string {
    return `node ${this.#turn.state.self}`;
  }
}
