/**
 * A leader counts acknowledgements of what it proposed, and learns it from nobody: who tells it that such a slot is chosen
 * has it from a successor, and the leader is about to hear that it is deposed.
 */
import assert from 'node:assert/strict';
import type { Message } from '#src/protocol/message.ts';
import { createReplica } from '#src/protocol/replica.ts';
import type { Output, Replica } from '#src/protocol/replica-types.ts';
import { asMonotonicMs, asNodeId, asSlot, DEFAULT_LIMITS, NOOP, type Slot } from '#src/protocol/types.ts';

const [ONE, TWO, THREE] = [asNodeId(1), asNodeId(2), asNodeId(3)];
const NONE = { round: 0, node: asNodeId(0) };
const at = asMonotonicMs(1);

/** What was delivered so far, with a journal that is never behind. */
class Leader {
  readonly replica: Replica;
  readonly delivered: Slot[] = [];
  #written = 0;

  constructor() {
    this.replica = createReplica({
      self: ONE,
      membership: { voters: [ONE, TWO, THREE] },
      limits: DEFAULT_LIMITS,
      seed: 1,
      recovered: { promised: NONE, learnedSlot: asSlot(0), accepted: [] },
      appliedSlot: asSlot(0),
      at,
    });
    for (const peer of [TWO, THREE]) this.#take(this.replica.step({ kind: 'peer-up', peer, at }));
    this.#take(this.replica.step({ kind: 'campaign', at }));
    const { ballot } = this;
    for (const peer of [TWO, THREE])
      this.hear(peer, { kind: 'pre-vote-reply', ballot, granted: true, promised: NONE });
    const promise = { kind: 'promise', ballot, attempt: 1, answer: 1, page: 0, pageCount: 1 } as const;
    this.hear(TWO, { ...promise, learnedSlot: asSlot(0), entries: [] });
    assert.equal(this.replica.role, 'leader');
  }

  get ballot(): { round: number; node: typeof ONE } {
    return { round: 1, node: ONE };
  }

  propose(ticket: number): void {
    this.#take(this.replica.step({ kind: 'propose', ticket, value: NOOP, at }));
  }

  hear(from: typeof ONE, message: Message): void {
    this.#take(this.replica.step({ kind: 'receive', from, message, at }));
  }

  #take(output: Output): void {
    for (const { slot } of output.deliver) this.delivered.push(slot);
    const last = output.persist.at(-1);
    if (last === undefined || last.sequence <= this.#written) return;
    this.#written = last.sequence;
    this.#take(this.replica.step({ kind: 'persisted', through: last.sequence, at }));
  }
}

describe('a leader', () => {
  it('counts what it proposed, and does not learn it from somebody who says that it is chosen', () => {
    const leader = new Leader();
    leader.propose(1);
    leader.propose(2);
    const { ballot } = leader;
    const entries = [1, 2].map((slot) => ({ slot: asSlot(slot), ballot, value: NOOP }));
    leader.hear(THREE, { kind: 'catch-up-reply', fromSlot: asSlot(1), entries, learnedSlot: asSlot(2) });
    assert.deepEqual(leader.delivered, []);
    assert.equal(leader.replica.learnedSlot, 0);
    leader.hear(TWO, { kind: 'accepted', ballot, throughSlot: asSlot(2), ranges: [] });
    assert.deepEqual(leader.delivered, [1, 2]);
    assert.equal(leader.replica.learnedSlot, 2);
  });
});
