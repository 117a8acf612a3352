/**
 * Random well-formed peer messages for the codec's tests: every kind, every shape of list, edges of every number.
 */
import fc from 'fast-check';
import { ZERO_BALLOT } from '#src/protocol/ballot.ts';
import type { Message, SlotRange } from '#src/protocol/message.ts';
import type { AcceptedEntry, Ballot, Slot, Value } from '#src/protocol/types.ts';
import { asNodeId, asSlot, NOOP } from '#src/protocol/types.ts';
import type { Forward, ForwardReply } from '#src/wire/frame.ts';

const HIGHEST = Number.MAX_SAFE_INTEGER;

/** Plain objects, as the decoder makes them. */
function record<T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> {
  return fc.record(model, { noNullPrototype: true }) as fc.Arbitrary<T>;
}

const integer: fc.Arbitrary<number> = fc.oneof(
  fc.nat(300),
  fc.maxSafeNat(),
  fc.constantFrom(0, 1, 2 ** 32, HIGHEST),
);
const slotOrZero: fc.Arbitrary<Slot> = integer.map(asSlot);
const slot: fc.Arbitrary<Slot> = integer.map((value) => asSlot(Math.max(1, value)));
/** Leaves room for lists of slots above it. */
const lowSlot: fc.Arbitrary<Slot> = fc.oneof(fc.nat(300), fc.nat(2 ** 40)).map(asSlot);

const ballot: fc.Arbitrary<Ballot> = fc
  .tuple(
    fc.oneof(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: HIGHEST - 1 })),
    fc.integer({ min: 1, max: 0xffff_ffff }),
  )
  .map(([round, node]) => ({ round, node: asNodeId(node) }));
const promised: fc.Arbitrary<Ballot> = fc.oneof(ballot, fc.constant(ZERO_BALLOT));

const value: fc.Arbitrary<Value> = fc.oneof(
  fc.constant(NOOP),
  fc
    .tuple(integer, fc.uint8Array({ minLength: 1, maxLength: 60 }))
    .map(([stampMs, bytes]): Value => ({ kind: 'batch', stampMs, bytes })),
);

const steps = fc.array(fc.tuple(fc.integer({ min: 1, max: 5 }), ballot, value), { maxLength: 6 });

function risingEntries(floor: Slot, list: readonly (readonly [number, Ballot, Value])[]): AcceptedEntry[] {
  let at: number = floor;
  return list.map(([step, entryBallot, entryValue]) => {
    at += step;
    return { slot: asSlot(at), ballot: entryBallot, value: entryValue };
  });
}

function denseEntries(fromSlot: Slot, list: readonly (readonly [number, Ballot, Value])[]): AcceptedEntry[] {
  return list.map(([, entryBallot, entryValue], index) => ({
    slot: asSlot(fromSlot + index),
    ballot: entryBallot,
    value: entryValue,
  }));
}

function risingRanges(floor: Slot, list: readonly (readonly [number, number])[]): SlotRange[] {
  let at = floor + 1;
  return list.map(([gap, length]) => {
    const fromSlot = asSlot(at + gap);
    at = fromSlot + length;
    return { fromSlot, untilSlot: asSlot(at) };
  });
}

type Kind = Message['kind'];
type MessageOf<K extends Kind> = Extract<Message, { readonly kind: K }>;

const of = <K extends Kind>(kind: K): { readonly kind: fc.Arbitrary<K> } => ({ kind: fc.constant(kind) });

/** One arbitrary per kind; the type makes a new kind fail to compile until it is here. */
export const messageOfKind: { readonly [K in Kind]: fc.Arbitrary<MessageOf<K>> } = {
  heartbeat: record({
    ...of('heartbeat'),
    ballot,
    sequence: integer,
    learnedSlot: slotOrZero,
    quorumConnected: fc.boolean(),
  }),
  'heartbeat-echo': record({
    ...of('heartbeat-echo'),
    ballot,
    sequence: integer,
    learnedSlot: slotOrZero,
    appliedSlot: slotOrZero,
  }),
  'pre-vote': record({ ...of('pre-vote'), ballot }),
  'pre-vote-reply': record({ ...of('pre-vote-reply'), ballot, granted: fc.boolean(), promised }),
  prepare: record({ ...of('prepare'), ballot, fromSlot: slot, attempt: integer }),
  promise: record({
    ballot,
    attempt: integer,
    answer: fc.nat(0xffff_ffff),
    page: fc.nat(1000),
    more: fc.integer({ min: 1, max: 1000 }),
    learnedSlot: lowSlot,
    list: steps,
  }).map(({ ballot: b, attempt, answer, page, more, learnedSlot, list }) => ({
    kind: 'promise',
    ballot: b,
    attempt,
    answer,
    page,
    pageCount: page + more,
    learnedSlot,
    entries: risingEntries(learnedSlot, list),
  })),
  nack: record({ ...of('nack'), ballot, promised }),
  accept: record({ ballot, one: slot, other: slot, learnedSlot: slotOrZero, value }).map(
    ({ ballot: b, one, other, learnedSlot, value: v }) => ({
      kind: 'accept',
      ballot: b,
      baseSlot: asSlot(Math.min(one, other)),
      slot: asSlot(Math.max(one, other)),
      value: v,
      learnedSlot,
    }),
  ),
  accepted: record({
    ballot,
    throughSlot: lowSlot,
    list: fc.array(fc.tuple(fc.nat(4), fc.integer({ min: 1, max: 9 })), { maxLength: 5 }),
  }).map(({ ballot: b, throughSlot, list }) => ({
    kind: 'accepted',
    ballot: b,
    throughSlot,
    ranges: risingRanges(throughSlot, list),
  })),
  learned: record({ ...of('learned'), ballot, learnedSlot: slotOrZero }),
  'catch-up-request': record({ fromSlot: lowSlot, count: fc.integer({ min: 1, max: 500 }) }).map(
    ({ fromSlot, count }) => ({
      kind: 'catch-up-request',
      fromSlot: asSlot(fromSlot + 1),
      untilSlot: asSlot(fromSlot + 1 + count),
    }),
  ),
  'catch-up-reply': record({ fromSlot: lowSlot, learnedSlot: slotOrZero, list: steps }).map(
    ({ fromSlot, learnedSlot, list }) => ({
      kind: 'catch-up-reply',
      fromSlot: asSlot(fromSlot + 1),
      entries: denseEntries(asSlot(fromSlot + 1), list),
      learnedSlot,
    }),
  ),
  'read-index-request': record({ ...of('read-index-request'), id: integer }),
  'read-index-reply': record({ id: integer, slot: slotOrZero, refused: fc.boolean() }).map(
    ({ id, slot: s, refused }) => ({
      kind: 'read-index-reply',
      id,
      slot: refused ? asSlot(0) : s,
      refused,
    }),
  ),
  transfer: record({ ...of('transfer'), ballot }),
};

export const message: fc.Arbitrary<Message> = fc.oneof(...Object.values(messageOfKind));

export const forward: fc.Arbitrary<Forward> = record({
  kind: fc.constant('forward'),
  connection: integer,
  requestId: integer,
  timeoutMs: fc.integer({ min: 0, max: 0xffff_ffff }),
  group: fc.uint8Array({ minLength: 1, maxLength: 40 }),
});

export const forwardReply: fc.Arbitrary<ForwardReply> = record({
  kind: fc.constant('forward-reply'),
  connection: integer,
  requestId: integer,
  answers: fc.uint8Array({ minLength: 1, maxLength: 40 }),
});

export const anything: fc.Arbitrary<Message | Forward | ForwardReply> = fc.oneof(
  { weight: 8, arbitrary: message },
  forward,
  forwardReply,
);
