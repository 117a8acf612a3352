/**
 * Golden vectors: one payload of every kind and the exact bytes it has on the wire in version 1 of the format.
 *
 * A change of one of these lines is a change of the format: peers of the two versions do not understand each
 * other. Raise PEER_WIRE_VERSIONS and add vectors; do not edit old ones.
 */

import type { Message } from '#src/protocol/message.ts';
import { asNodeId, asSlot, NOOP, type Value } from '#src/protocol/types.ts';
import type { Forward, ForwardReply } from '#src/wire/frame.ts';

const ballot = { round: 7, node: asNodeId(2) };
const lower = { round: 3, node: asNodeId(5) };
const text = (content: string): Value => ({
  kind: 'batch',
  stampMs: 1000,
  bytes: new TextEncoder().encode(content),
});

export type GoldenVector = {
  readonly payload: Message | Forward | ForwardReply;
  /** Type, length and fields, without the frame's header. */
  readonly hex: string;
};

export const GOLDEN_VECTORS: readonly GoldenVector[] = [
  {
    payload: { kind: 'heartbeat', ballot, sequence: 9, learnedSlot: asSlot(4), quorumConnected: true },
    hex: '011d0000000000000000001c40020000000000000000002240000000000000104001',
  },
  {
    payload: { kind: 'heartbeat-echo', ballot, sequence: 9, learnedSlot: asSlot(4), appliedSlot: asSlot(3) },
    hex: '02240000000000000000001c4002000000000000000000224000000000000010400000000000000840',
  },
  { payload: { kind: 'pre-vote', ballot }, hex: '030c0000000000000000001c4002000000' },
  {
    payload: { kind: 'pre-vote-reply', ballot, granted: false, promised: lower },
    hex: '04190000000000000000001c400200000000000000000000084005000000',
  },
  {
    payload: { kind: 'prepare', ballot, fromSlot: asSlot(5), attempt: 1 },
    hex: '051c0000000000000000001c40020000000000000000001440000000000000f03f',
  },
  {
    payload: {
      kind: 'promise',
      ballot,
      attempt: 1,
      answer: 0xdeadbeef,
      page: 0,
      pageCount: 2,
      learnedSlot: asSlot(4),
      entries: [
        { slot: asSlot(5), ballot: lower, value: text('x') },
        { slot: asSlot(8), ballot: lower, value: NOOP },
      ],
    },
    hex: '06630000000000000000001c4002000000000000000000f03fefbeadde00000000020000000000000000001040020000000000000000001440000000000000084005000000010000000000408f400100000078000000000000204000000000000008400500000000',
  },
  {
    payload: { kind: 'nack', ballot: lower, promised: ballot },
    hex: '07180000000000000000000840050000000000000000001c4002000000',
  },
  {
    payload: {
      kind: 'accept',
      ballot,
      baseSlot: asSlot(5),
      slot: asSlot(6),
      value: text('set'),
      learnedSlot: asSlot(4),
    },
    hex: '08340000000000000000001c4002000000000000000000144000000000000018400000000000001040010000000000408f4003000000736574',
  },
  {
    payload: {
      kind: 'accepted',
      ballot,
      throughSlot: asSlot(6),
      ranges: [{ fromSlot: asSlot(8), untilSlot: asSlot(10) }],
    },
    hex: '09280000000000000000001c400200000000000000000018400100000000000000000020400000000000002440',
  },
  {
    payload: { kind: 'learned', ballot, learnedSlot: asSlot(2 ** 40) },
    hex: '0a140000000000000000001c40020000000000000000007042',
  },
  {
    payload: { kind: 'catch-up-request', fromSlot: asSlot(5), untilSlot: asSlot(261) },
    hex: '0b1000000000000000000014400000000000507040',
  },
  {
    payload: {
      kind: 'catch-up-reply',
      fromSlot: asSlot(5),
      learnedSlot: asSlot(6),
      entries: [
        { slot: asSlot(5), ballot, value: text('a') },
        { slot: asSlot(6), ballot, value: NOOP },
      ],
    },
    hex: '0c3b00000000000000000014400000000000001840020000000000000000001c4002000000010000000000408f4001000000610000000000001c400200000000',
  },
  { payload: { kind: 'read-index-request', id: 12 }, hex: '0d080000000000000000002840' },
  {
    payload: { kind: 'read-index-reply', id: 12, slot: asSlot(6), refused: false },
    hex: '0e110000000000000000002840000000000000001840',
  },
  { payload: { kind: 'transfer', ballot }, hex: '0f0c0000000000000000001c4002000000' },
  {
    payload: { kind: 'forward', connection: 3, requestId: 44, timeoutMs: 2000, group: Uint8Array.of(2) },
    hex: '401500000000000000000008400000000000004640d007000002',
  },
  {
    payload: { kind: 'forward-reply', connection: 3, requestId: 44, answers: Uint8Array.of(66, 0, 0) },
    hex: '411300000000000000000008400000000000004640420000',
  },
];

/** A whole frame for group 0 with the first two vectors in it and CRC-32 as the checksum. */
export const GOLDEN_FRAME_HEX =
  '51500100bba1d6b100000000011d0000000000000000001c4002000000000000000000224000000000000010400102240000000000000000001c4002000000000000000000224000000000000010400000000000000840';
