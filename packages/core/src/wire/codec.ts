/**
 * One protocol message as bytes and back: a fixed list of fields per kind, in the order of the functions below.
 *
 * The decoder is total: it gives a message whose form is right or throws `WIRE_MALFORMED`. Form means: numbers
 * in range, lists in their documented order, no byte left over. Whether a message fits the state of its receiver
 * is for the protocol to judge. Leaves to frame.ts the envelope, and to fields.ts the bytes of each field.
 *
 * Type numbers travel and are never reused. A change of any layout raises PEER_WIRE_VERSIONS in frame.ts.
 */
import { type ByteReader, type ByteWriter, malformed } from '@quorate/wire';
import type { Message } from '../protocol/message.ts';
import {
  readBallot,
  readDenseEntries,
  readEntries,
  readPromised,
  readRanges,
  readSlot,
  readSlotOrZero,
  readValue,
  writeBallot,
  writeDenseEntries,
  writeEntries,
  writeRanges,
  writeValue,
} from './fields.ts';

type Kind = Message['kind'];
type MessageOf<K extends Kind> = Extract<Message, { readonly kind: K }>;

export const MESSAGE_TYPE: { readonly [K in Kind]: number } = {
  heartbeat: 1,
  'heartbeat-echo': 2,
  'pre-vote': 3,
  'pre-vote-reply': 4,
  prepare: 5,
  promise: 6,
  nack: 7,
  accept: 8,
  accepted: 9,
  learned: 10,
  'catch-up-request': 11,
  'catch-up-reply': 12,
  'read-index-request': 13,
  'read-index-reply': 14,
  transfer: 15,
};

/** The payload of a message, without its type and length. */
export function writeMessage(out: ByteWriter, message: Message): void {
  // Every message about a ballot begins with it.
  if ('ballot' in message) writeBallot(out, message.ballot);
  switch (message.kind) {
    case 'heartbeat':
      out.integer(message.sequence);
      out.integer(message.learnedSlot);
      out.u8(message.quorumConnected ? 1 : 0);
      return;
    case 'heartbeat-echo':
      out.integer(message.sequence);
      out.integer(message.learnedSlot);
      out.integer(message.appliedSlot);
      return;
    case 'pre-vote':
    case 'transfer':
      return;
    case 'pre-vote-reply':
      out.u8(message.granted ? 1 : 0);
      writeBallot(out, message.promised);
      return;
    case 'prepare':
      out.integer(message.fromSlot);
      out.integer(message.attempt);
      return;
    case 'promise':
      out.integer(message.attempt);
      out.u32(message.answer);
      out.u32(message.page);
      out.u32(message.pageCount);
      out.integer(message.learnedSlot);
      writeEntries(out, message.entries);
      return;
    case 'nack':
      writeBallot(out, message.promised);
      return;
    case 'accept':
      out.integer(message.baseSlot);
      out.integer(message.slot);
      out.integer(message.learnedSlot);
      writeValue(out, message.value);
      return;
    case 'accepted':
      out.integer(message.throughSlot);
      writeRanges(out, message.ranges);
      return;
    case 'learned':
      out.integer(message.learnedSlot);
      return;
    case 'catch-up-request':
      out.integer(message.fromSlot);
      out.integer(message.untilSlot);
      return;
    case 'catch-up-reply':
      out.integer(message.fromSlot);
      out.integer(message.learnedSlot);
      writeDenseEntries(out, message.fromSlot, message.entries);
      return;
    case 'read-index-request':
      out.integer(message.id);
      return;
    case 'read-index-reply':
      out.integer(message.id);
      out.u8(message.refused ? 1 : 0);
      out.integer(message.slot);
      return;
    default:
      return message satisfies never;
  }
}

/** Reads one payload of a known type; undefined for a type that is no protocol message. */
export function readMessage(type: number, reader: ByteReader): Message | undefined {
  return READERS[type]?.(reader);
}

function readHeartbeat(reader: ByteReader): MessageOf<'heartbeat'> {
  return {
    kind: 'heartbeat',
    ballot: readBallot(reader),
    sequence: reader.integer(),
    learnedSlot: readSlotOrZero(reader),
    quorumConnected: reader.flag(),
  };
}

function readHeartbeatEcho(reader: ByteReader): MessageOf<'heartbeat-echo'> {
  return {
    kind: 'heartbeat-echo',
    ballot: readBallot(reader),
    sequence: reader.integer(),
    learnedSlot: readSlotOrZero(reader),
    appliedSlot: readSlotOrZero(reader),
  };
}

function readPreVoteReply(reader: ByteReader): MessageOf<'pre-vote-reply'> {
  return {
    kind: 'pre-vote-reply',
    ballot: readBallot(reader),
    granted: reader.flag(),
    promised: readPromised(reader),
  };
}

function readPrepare(reader: ByteReader): MessageOf<'prepare'> {
  return {
    kind: 'prepare',
    ballot: readBallot(reader),
    fromSlot: readSlot(reader),
    attempt: reader.integer(),
  };
}

function readPromise(reader: ByteReader): MessageOf<'promise'> {
  const ballot = readBallot(reader);
  const attempt = reader.integer();
  const answer = reader.u32();
  const page = reader.u32();
  const pageCount = reader.u32();
  if (page >= pageCount) throw malformed(`page ${page} of ${pageCount}`);
  const learnedSlot = readSlotOrZero(reader);
  return {
    kind: 'promise',
    ballot,
    attempt,
    answer,
    page,
    pageCount,
    learnedSlot,
    entries: readEntries(reader, learnedSlot),
  };
}

function readAccept(reader: ByteReader): MessageOf<'accept'> {
  const ballot = readBallot(reader);
  const baseSlot = readSlot(reader);
  const slot = readSlot(reader);
  if (slot < baseSlot) throw malformed('an accept is below the first slot of its leader');
  const learnedSlot = readSlotOrZero(reader);
  return { kind: 'accept', ballot, baseSlot, slot, value: readValue(reader), learnedSlot };
}

function readAccepted(reader: ByteReader): MessageOf<'accepted'> {
  const ballot = readBallot(reader);
  const throughSlot = readSlotOrZero(reader);
  return { kind: 'accepted', ballot, throughSlot, ranges: readRanges(reader, throughSlot) };
}

function readCatchUpRequest(reader: ByteReader): MessageOf<'catch-up-request'> {
  const fromSlot = readSlot(reader);
  const untilSlot = readSlot(reader);
  if (untilSlot <= fromSlot) throw malformed('a request for no slot at all');
  return { kind: 'catch-up-request', fromSlot, untilSlot };
}

function readCatchUpReply(reader: ByteReader): MessageOf<'catch-up-reply'> {
  const fromSlot = readSlot(reader);
  const learnedSlot = readSlotOrZero(reader);
  return { kind: 'catch-up-reply', fromSlot, entries: readDenseEntries(reader, fromSlot), learnedSlot };
}

function readReadIndexReply(reader: ByteReader): MessageOf<'read-index-reply'> {
  const id = reader.integer();
  const refused = reader.flag();
  const slot = readSlotOrZero(reader);
  if (refused && slot !== 0) throw malformed('a refused read has no slot');
  return { kind: 'read-index-reply', id, slot, refused };
}

const READER_OF: { readonly [K in Kind]: (reader: ByteReader) => MessageOf<K> } = {
  heartbeat: readHeartbeat,
  'heartbeat-echo': readHeartbeatEcho,
  'pre-vote': (reader) => ({ kind: 'pre-vote', ballot: readBallot(reader) }),
  'pre-vote-reply': readPreVoteReply,
  prepare: readPrepare,
  promise: readPromise,
  nack: (reader) => ({ kind: 'nack', ballot: readBallot(reader), promised: readPromised(reader) }),
  accept: readAccept,
  accepted: readAccepted,
  learned: (reader) => ({ kind: 'learned', ballot: readBallot(reader), learnedSlot: readSlotOrZero(reader) }),
  'catch-up-request': readCatchUpRequest,
  'catch-up-reply': readCatchUpReply,
  'read-index-request': (reader) => ({ kind: 'read-index-request', id: reader.integer() }),
  'read-index-reply': readReadIndexReply,
  transfer: (reader) => ({ kind: 'transfer', ballot: readBallot(reader) }),
};

/** Indexed by type number, so that a frame of many messages costs one array look-up each. */
const READERS: readonly (((reader: ByteReader) => Message) | undefined)[] = (() => {
  const table: ((reader: ByteReader) => Message)[] = [];
  for (const kind of Object.keys(MESSAGE_TYPE) as Kind[]) table[MESSAGE_TYPE[kind]] = READER_OF[kind];
  return table;
})();
