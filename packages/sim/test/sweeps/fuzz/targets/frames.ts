/** Decoders of everything that comes over a connection: frames between nodes, of clients and of nodes to clients. */
import { crc32 } from 'node:zlib';
import { asNodeId, asSlot, type Message, NOOP, type Value } from '@quorate/core/protocol';
import {
  decodePeerFrame,
  encodePeerFrame,
  type Forward,
  type ForwardReply,
  type PeerPayload,
} from '@quorate/core/wire';
import {
  type BatchGroup,
  ByteWriter,
  type ClientFrame,
  decodeArguments,
  decodeBatch,
  decodeClientFrame,
  decodeNodeFrame,
  encodeArguments,
  encodeClientFrame,
  encodeNodeFrame,
  encodeUtf8,
  type NodeFrame,
  writeGroup,
} from '@quorate/wire';
import { type FuzzTarget, judgeSpelling, judgeStable } from '../fuzz-target.ts';

const LIMITS = { maxFrameBytes: 1024 * 1024, group: 0 };
const ballot = { round: 7, node: asNodeId(2) };
const value: Value = { kind: 'batch', stampMs: 1000, bytes: encodeUtf8('a batch of commands') };
const entries = [
  { slot: asSlot(5), ballot, value },
  { slot: asSlot(6), ballot, value: NOOP },
];

/** One of each kind; the type makes a new kind fail to compile until it is here. */
const MESSAGES: { readonly [K in Message['kind']]: Extract<Message, { readonly kind: K }> } = {
  heartbeat: { kind: 'heartbeat', ballot, sequence: 9, learnedSlot: asSlot(4), quorumConnected: true },
  'heartbeat-echo': {
    kind: 'heartbeat-echo',
    ballot,
    sequence: 9,
    learnedSlot: asSlot(4),
    appliedSlot: asSlot(3),
  },
  'pre-vote': { kind: 'pre-vote', ballot },
  'pre-vote-reply': { kind: 'pre-vote-reply', ballot, granted: true, promised: ballot },
  prepare: { kind: 'prepare', ballot, fromSlot: asSlot(5), attempt: 1 },
  promise: {
    kind: 'promise',
    ballot,
    attempt: 1,
    answer: 77,
    page: 0,
    pageCount: 2,
    learnedSlot: asSlot(4),
    entries,
  },
  nack: { kind: 'nack', ballot, promised: { round: 8, node: asNodeId(1) } },
  accept: { kind: 'accept', ballot, baseSlot: asSlot(5), slot: asSlot(6), value, learnedSlot: asSlot(4) },
  accepted: {
    kind: 'accepted',
    ballot,
    throughSlot: asSlot(6),
    ranges: [{ fromSlot: asSlot(8), untilSlot: asSlot(10) }],
  },
  learned: { kind: 'learned', ballot, learnedSlot: asSlot(6) },
  'catch-up-request': { kind: 'catch-up-request', fromSlot: asSlot(5), untilSlot: asSlot(261) },
  'catch-up-reply': { kind: 'catch-up-reply', fromSlot: asSlot(5), entries, learnedSlot: asSlot(6) },
  'read-index-request': { kind: 'read-index-request', id: 12 },
  'read-index-reply': { kind: 'read-index-reply', id: 12, slot: asSlot(6), refused: false },
  transfer: { kind: 'transfer', ballot },
};

const GROUPS: readonly BatchGroup[] = [
  { kind: 'open' },
  { kind: 'close', session: 4096 },
  {
    kind: 'commands',
    session: 4096,
    ackSequence: 3,
    commands: [
      { sequence: 4, bytes: encodeUtf8('set') },
      { sequence: 6, bytes: new Uint8Array(0) },
    ],
  },
];

const FORWARDS: readonly (Forward | ForwardReply)[] = [
  { kind: 'forward', connection: 3, requestId: 44, timeoutMs: 2000, group: encodeGroups(GROUPS) },
  { kind: 'forward-reply', connection: 3, requestId: 44, answers: Uint8Array.of(66, 0, 0, 0, 0) },
];

const PAYLOADS: readonly (Message | Forward | ForwardReply)[] = [...Object.values(MESSAGES), ...FORWARDS];

export const PEER_FRAMES: readonly Uint8Array[] = [
  ...PAYLOADS.map((payload) => encodePeerFrame([payload], crc32)),
  encodePeerFrame(PAYLOADS, crc32),
];

const CLIENT: readonly ClientFrame[] = [
  { kind: 'hello', versionMin: 1, versionMax: 3, clientName: 'a client' },
  { kind: 'open-session', sequence: 1, timeoutMs: 5000, noForward: true },
  { kind: 'close-session', sequence: 2, session: 4096 },
  {
    kind: 'request',
    session: 4096,
    ackSequence: 2,
    consistency: 'stale',
    noForward: false,
    timeoutMs: 700,
    commands: [
      { sequence: 3, input: { form: 'text', text: 'set "a b" \u00fc\u{1f600}' } },
      {
        sequence: 9,
        input: { form: 'arguments', bytes: encodeArguments([encodeUtf8('GET'), encodeUtf8('k')]) },
      },
    ],
  },
];

const NODE: readonly NodeFrame[] = [
  {
    kind: 'welcome',
    version: 1,
    clusterId: 'c',
    node: 2,
    backend: 'kv',
    addrs: ['127.0.0.1:1', 'h:2'],
    leader: 1,
    maxCommandBytes: 1024,
  },
  { kind: 'leader', leader: 3 },
  { kind: 'goodbye', code: 'STOPPING', message: 'bye' },
  {
    kind: 'responses',
    answers: [
      { sequence: 1, kind: 'session', session: 4096 },
      { sequence: 2, kind: 'result', slot: 7, result: { ok: true, value: encodeUtf8('v') } },
      { sequence: 3, kind: 'result', slot: 7, result: { ok: true, value: null } },
      { sequence: 9, kind: 'echo', slot: 7, start: 14, end: 15 },
      {
        sequence: 4,
        kind: 'result',
        slot: 8,
        result: { ok: false, code: '23505', message: 'a key that is there' },
      },
      {
        sequence: 5,
        kind: 'error',
        code: 'NOT_LEADER',
        outcome: 'none',
        message: 'ask 2',
        details: { leader: 2, addr: 'h:2' },
      },
    ],
  },
];

export const CLIENT_FRAMES: readonly Uint8Array[] = CLIENT.map(encodeClientFrame);
export const NODE_FRAMES: readonly Uint8Array[] = NODE.map(encodeNodeFrame);

export function repairPeerFrame(frame: Uint8Array): void {
  if (frame.length < 12) return;
  new DataView(frame.buffer, frame.byteOffset, frame.byteLength).setUint32(4, crc32(frame.subarray(8)), true);
}

export function judgePeerFrame(frame: Uint8Array): string | undefined {
  return judgeSpelling(
    frame,
    (bytes) => decodePeerFrame(bytes, crc32, LIMITS),
    (payloads) => encodePeerFrame(payloads.map(flat), crc32),
  );
}

export const judgeClientFrame = (bytes: Uint8Array): string | undefined =>
  judgeStable(bytes, decodeClientFrame, encodeClientFrame);
export const judgeNodeFrame = (bytes: Uint8Array): string | undefined =>
  judgeStable(bytes, decodeNodeFrame, encodeNodeFrame);

export const FRAME_TARGETS: readonly FuzzTarget[] = [
  { name: 'peer-frames', corpus: PEER_FRAMES, repair: repairPeerFrame, judge: judgePeerFrame, share: 400 },
  { name: 'client-frames', corpus: CLIENT_FRAMES, judge: judgeClientFrame, share: 300 },
  { name: 'node-frames', corpus: NODE_FRAMES, judge: judgeNodeFrame, share: 300 },
  {
    name: 'batches',
    corpus: [encodeGroups(GROUPS), encodeGroups(GROUPS.slice(2))],
    judge: (bytes) => judgeSpelling(bytes, decodeBatch, encodeGroups),
    share: 300,
  },
  {
    name: 'arguments',
    corpus: [
      encodeArguments([]),
      encodeArguments([encodeUtf8('SET'), encodeUtf8('key'), new Uint8Array(300)]),
    ],
    judge: (bytes) => judgeSpelling(bytes, decodeArguments, encodeArguments),
    share: 200,
  },
];

function encodeGroups(groups: readonly BatchGroup[]): Uint8Array {
  const out = new ByteWriter();
  for (const group of groups) writeGroup(out, group);
  return out.bytes();
}

function flat(payload: PeerPayload): Message | Forward | ForwardReply {
  return payload.kind === 'protocol' ? payload.message : payload;
}
