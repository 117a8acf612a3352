/**
 * A copy of a replica's state behaves exactly like the original, and stepping the copy leaves the original untouched:
 * checked before every step of a few long, disorderly runs of three replicas that reach every corner of the state.
 */
import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { ZERO_BALLOT } from '#src/protocol/ballot.ts';
import { cloneState } from '#src/protocol/clone-state.ts';
import type { Message } from '#src/protocol/message.ts';
import { createRandom, Random } from '#src/protocol/random.ts';
import { resumeReplica } from '#src/protocol/replica.ts';
import type { Input, Output } from '#src/protocol/replica-types.ts';
import { createState, type ReplicaState } from '#src/protocol/state.ts';
import { asMonotonicMs, asNodeId, asSlot, DEFAULT_LIMITS, type NodeId } from '#src/protocol/types.ts';

const VOTERS = [1, 2, 3].map(asNodeId);
const STEPS = 3000;
const LIMITS = { ...DEFAULT_LIMITS, windowSlots: 4, pageBytes: 40 };

type Parcel = { readonly from: NodeId; readonly to: NodeId; readonly message: Message };

const CORNERS = ['candidate', 'leader', 'waiting read', 'remote read', 'service', 'ack', 'ranges'] as const;

describe('a cloned replica state', () => {
  const reached = new Set<string>();

  for (const seed of [1, 2, 3, 4]) {
    it(`answers like the original and does not touch it (seed ${seed})`, () => {
      playRandomly(seed, (state, input) => compareWithClone(state, input, reached));
    });
  }

  it('was looked at in every corner of the state by these runs', () => {
    assert.deepEqual(
      CORNERS.filter((corner) => !reached.has(corner)),
      [],
    );
  });
});

function compareWithClone(state: ReplicaState, input: Input, corners: Set<string>): Output {
  noteCorners(state, corners);
  const before = portrait(state);
  const copy = cloneState(state, new Random(state.random.state));
  assert.equal(portrait(copy), before, 'the copy is equal');
  const expected = resumeReplica(copy).step(input);
  assert.equal(portrait(state), before, `stepping the copy with ${input.kind} changed the original`);
  const output = resumeReplica(state).step(input);
  assert.deepEqual(output, expected);
  assert.equal(portrait(copy), portrait(state), 'both are equal after the step');
  return output;
}

function portrait(state: ReplicaState): string {
  const { lastWrite, lastEntryWrite } = state.effects;
  return inspect([state, state.random.state, lastWrite, lastEntryWrite], {
    depth: Number.POSITIVE_INFINITY,
    maxArrayLength: null,
  });
}

function noteCorners(state: ReplicaState, corners: Set<string>): void {
  if (state.campaign?.phase === 'prepare') corners.add('candidate');
  if (state.leadership !== undefined) corners.add('leader');
  if ((state.leadership?.waitingReads.length ?? 0) > 0) corners.add('waiting read');
  if (state.remoteReads.size > 0) corners.add('remote read');
  if (state.waitingServices.size > 0) corners.add('service');
  if (state.ack !== undefined) corners.add('ack');
  for (const peer of state.leadership?.peers.values() ?? [])
    if (peer.ranges.length > 0) corners.add('ranges');
}

/** Inputs in random order: messages are lost and reordered, disks lag, clocks run on. */
function playRandomly(seed: number, step: (state: ReplicaState, input: Input) => Output): void {
  const random = createRandom(seed);
  const states = VOTERS.map((self) => bootState(self, seed));
  let parcels: Parcel[] = [];
  let nowMs = 0;
  let ticket = 0;
  for (let count = 0; count < STEPS; count++) {
    const state = random.pick(states);
    const at = asMonotonicMs(nowMs);
    const feed = (input: Input): void => {
      const output = step(state, input);
      for (const { to, message } of output.send) parcels.push({ from: state.self, to, message });
    };
    const parcel = random.pick(parcels.length === 0 ? [undefined] : parcels);
    const choice = random.below(100);
    if (choice < 55 && parcel !== undefined) {
      if (random.chance(0.95)) parcels = parcels.filter((other) => other !== parcel);
      const receiver = states[parcel.to - 1] as ReplicaState;
      const output = step(receiver, { at, kind: 'receive', from: parcel.from, message: parcel.message });
      for (const { to, message } of output.send) parcels.push({ from: receiver.self, to, message });
    } else if (choice < 65) feed({ at, kind: 'persisted', through: state.effects.lastWrite });
    else if (choice < 80) feed({ at, kind: 'turn' });
    else if (choice < 88)
      feed({
        at,
        kind: 'propose',
        ticket: ++ticket,
        value: { kind: 'batch', stampMs: nowMs, bytes: new Uint8Array([ticket & 0xff, 1, 2]) },
      });
    else if (choice < 93) feed({ at, kind: 'read', ticket: ++ticket });
    else if (choice < 94) feed({ at, kind: 'resign' });
    else if (choice < 95)
      feed({ at, kind: random.chance(0.5) ? 'peer-down' : 'peer-up', peer: random.pick(VOTERS) });
    else {
      nowMs += random.below(120);
      feed({ at: asMonotonicMs(nowMs), kind: 'tick' });
    }
    if (parcels.length > 60) parcels = random.shuffle(parcels).slice(0, 30);
  }
}

function bootState(self: NodeId, seed: number): ReplicaState {
  const recovered = { promised: ZERO_BALLOT, learnedSlot: asSlot(0), accepted: [] };
  const membership = { voters: VOTERS };
  return createState({
    self,
    membership,
    limits: LIMITS,
    seed,
    recovered,
    appliedSlot: asSlot(0),
    at: asMonotonicMs(0),
  });
}
