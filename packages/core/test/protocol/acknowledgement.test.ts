/**
 * The work of an acknowledgement does not depend on how long the leader has been leading: a follower that starts again
 * under a leader of long standing must not count its way up from the leader's first slot.
 */
import assert from 'node:assert/strict';
import { createReplica } from '#src/protocol/replica.ts';
import { asMonotonicMs, asNodeId, asSlot, DEFAULT_LIMITS, NOOP } from '#src/protocol/types.ts';

describe('acknowledgement', () => {
  it('answers for a trillion slots at once', () => {
    const [one, two, three] = [asNodeId(1), asNodeId(2), asNodeId(3)];
    const ballot = { round: 1, node: one };
    const learnedSlot = asSlot(1e12);
    const slot = asSlot(1e12 + 1);
    const at = asMonotonicMs(1);
    const replica = createReplica({
      self: two,
      membership: { voters: [one, two, three] },
      limits: DEFAULT_LIMITS,
      seed: 1,
      recovered: { promised: ballot, learnedSlot, accepted: [] },
      appliedSlot: learnedSlot,
      at,
    });
    const accept = { kind: 'accept', ballot, baseSlot: asSlot(1), slot, value: NOOP, learnedSlot } as const;
    replica.step({ kind: 'receive', at, from: one, message: accept });
    const { send } = replica.step({ kind: 'turn', at });
    assert.deepEqual(
      send.map(({ message }) => message),
      [{ kind: 'accepted', ballot, throughSlot: slot, ranges: [] }],
    );
  });
});
