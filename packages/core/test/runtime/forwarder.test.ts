/** Commands that were passed on to the leader, over the lives of the node that passed them on. */
import assert from 'node:assert/strict';
import { asNodeId } from '#src/protocol/types.ts';
import { Forwarder } from '#src/runtime/forwarder.ts';
import type { Responder } from '#src/runtime/responder.ts';

const RESPONDER: Responder = {
  isFull: false,
  add: () => undefined,
  addResult: () => undefined,
  addEncoded: () => undefined,
};
const REQUEST = {
  leader: asNodeId(1),
  connection: 1,
  responder: RESPONDER,
  timeoutMs: 1000,
  deadlineMs: 1000,
};

describe('a forwarder', () => {
  it('takes no answer for its own that belongs to a request of an earlier life', () => {
    const sent: number[][] = [7, 8].map(() => []);
    const lives = [7, 8].map(
      (lifeNumber, index) =>
        new Forwarder(10, lifeNumber, (_, { requestId }) => sent[index]?.push(requestId)),
    );
    for (const life of lives) life.forward({ ...REQUEST, sequences: [1] }, new Uint8Array(1));
    const [before, now] = sent.map(([requestId]) => requestId ?? 0);
    assert.equal(lives[1]?.onReply(before ?? 0, [{ sequence: 1 }]), undefined);
    assert.deepEqual(lives[1]?.onReply(now ?? 0, [{ sequence: 1 }])?.sequences, [1]);
  });
});
