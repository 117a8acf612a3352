/**
 * The envelope of everything that one node sends to another. One WebSocket message is one frame:
 *
 *   u16 magic | u8 version | u8 flags (0) | u32 checksum | u32 group | { u8 type | u32 length | payload } x 1..
 *
 * The checksum covers everything behind it, the group included; magic, version and flags have one right value
 * each, so that no single damaged bit goes unnoticed. The checksum's function is a parameter: this ring has no
 * platform, the runtime passes CRC-32. All nodes of a cluster must use the same one.
 *
 * Owns: bounds of a frame, version check, isolation of groups. A decoded frame is all its payloads or an error,
 * never a part of them. Leaves the bytes of a message to codec.ts, and who sent it to the transport.
 */
import { ByteReader, ByteWriter, malformed, QuorateError } from '@quorate/wire';
import type { Message } from '../protocol/message.ts';
import { MESSAGE_TYPE, readMessage, writeMessage } from './codec.ts';

/** Must be a function of the bytes alone; the result is an unsigned 32-bit number. */
export type Checksum = (bytes: Uint8Array) => number;

/** Commands that a node which does not lead passes on to the leader on behalf of a client's connection. */
export type Forward = {
  readonly kind: 'forward';
  /** Names the client's connection at the node that forwards. */
  readonly connection: number;
  readonly requestId: number;
  /** Milliseconds that the client will still wait; below 2^32. */
  readonly timeoutMs: number;
  /** One batch group as `@quorate/wire` lays it out. In a decoded frame a view into the frame. */
  readonly group: Uint8Array;
};

export type ForwardReply = {
  readonly kind: 'forward-reply';
  readonly connection: number;
  readonly requestId: number;
  /** A `responses` node frame of `@quorate/wire`. In a decoded frame a view into the frame. */
  readonly answers: Uint8Array;
};

export type PeerPayload = { readonly kind: 'protocol'; readonly message: Message } | Forward | ForwardReply;

export type PeerFrameLimits = {
  /** A longer frame is refused with WIRE_TOO_LARGE before anything in it is read. */
  readonly maxFrameBytes: number;
  /** Frames of another group are refused. */
  readonly group: number;
};

/** Versions of the format that this build can read, inclusive. It writes the highest. */
export const PEER_WIRE_VERSIONS = { min: 1, max: 1 } as const;

/** 'Q', 'P' in this order on the wire. */
const MAGIC = 0x5051;
const CHECKSUM_OFFSET = 4;
const CHECKED_OFFSET = 8;
const GROUP_OFFSET = 8;
const HEADER_BYTES = 12;
const FORWARD = 64;
const FORWARD_REPLY = 65;
/** A writer that grew beyond this gives its memory back after the frame is taken. */
const KEPT_BYTES = 1024 * 1024;

/** What `add` writes beside the payload itself. */
export const MESSAGE_OVERHEAD_BYTES = 5;

/** Collects messages for one peer and lane, and makes a frame of them. Used again after each `take`. */
export class PeerFrameWriter {
  readonly #group: number;
  #out: ByteWriter = new ByteWriter();
  #count = 0;

  constructor(group = 0) {
    this.#group = group;
    this.#begin();
  }

  /** Messages that wait to be taken. */
  get count(): number {
    return this.#count;
  }

  /** Length of the frame that `take` would give now. */
  get byteLength(): number {
    return this.#out.length;
  }

  /** Copies what it is given; the caller's bytes may change afterwards. */
  add(payload: Message | Forward | ForwardReply): void {
    const out = this.#out;
    const start = out.length;
    out.u8(typeOf(payload));
    out.u32(0);
    writePayload(out, payload);
    out.patchU32(start + 1, out.length - start - MESSAGE_OVERHEAD_BYTES);
    this.#count += 1;
  }

  /** The frame, in memory of its own. @throws ARGUMENT when nothing was added. */
  take(checksum: Checksum): Uint8Array {
    if (this.#count === 0) throw new QuorateError('ARGUMENT', 'a frame needs at least one message');
    const frame = this.#out.bytes();
    writeChecksum(frame, checksum);
    if (frame.length > KEPT_BYTES) this.#out = new ByteWriter();
    this.#begin();
    return frame;
  }

  #begin(): void {
    const out = this.#out;
    out.reset();
    out.u16(MAGIC);
    out.u8(PEER_WIRE_VERSIONS.max);
    out.u8(0);
    out.u32(0);
    out.u32(this.#group);
    this.#count = 0;
  }
}

/** One frame with these payloads, for callers that do not keep a writer. */
export function encodePeerFrame(
  payloads: readonly (Message | Forward | ForwardReply)[],
  checksum: Checksum,
  group = 0,
): Uint8Array {
  const writer = new PeerFrameWriter(group);
  for (const payload of payloads) writer.add(payload);
  return writer.take(checksum);
}

/** The group that a frame claims to be for, before anything is checked; undefined when it is too short to say. */
export function peekGroup(frame: Uint8Array): number | undefined {
  return frame.length < HEADER_BYTES ? undefined : new ByteReader(frame, GROUP_OFFSET).u32();
}

/**
 * Everything in the frame, in order. Byte strings in it are views into `frame`: copy what outlives it.
 * @throws WIRE_TOO_LARGE, WIRE_MALFORMED, WIRE_VERSION, WIRE_CHECKSUM, WIRE_WRONG_CLUSTER (another group)
 */
export function decodePeerFrame(
  frame: Uint8Array,
  checksum: Checksum,
  limits: PeerFrameLimits,
): PeerPayload[] {
  if (frame.length > limits.maxFrameBytes) {
    throw new QuorateError(
      'WIRE_TOO_LARGE',
      `a frame of ${frame.length} bytes is over the limit of ${limits.maxFrameBytes}`,
    );
  }
  const reader = new ByteReader(frame);
  readHeader(reader, frame, checksum, limits);
  const payloads: PeerPayload[] = [];
  while (reader.remaining > 0) payloads.push(readPayload(reader));
  if (payloads.length === 0) throw malformed('a frame without a message');
  return payloads;
}

function readHeader(
  reader: ByteReader,
  frame: Uint8Array,
  checksum: Checksum,
  limits: PeerFrameLimits,
): void {
  if (reader.u16() !== MAGIC) throw malformed('this is not a frame of a Quorate peer');
  const version = reader.u8();
  if (version < PEER_WIRE_VERSIONS.min || version > PEER_WIRE_VERSIONS.max) {
    throw new QuorateError('WIRE_VERSION', `a frame of version ${version} cannot be read by this build`, {
      details: { version },
    });
  }
  const flags = reader.u8();
  if (flags !== 0) throw malformed(`unknown flags ${flags}`);
  const expected = reader.u32();
  const group = reader.u32();
  if (checksum(frame.subarray(CHECKED_OFFSET)) >>> 0 !== expected) {
    throw new QuorateError('WIRE_CHECKSUM', 'the checksum of a frame does not fit its content');
  }
  if (group !== limits.group) {
    throw new QuorateError('WIRE_WRONG_CLUSTER', `a frame for group ${group} came to group ${limits.group}`, {
      details: { group },
    });
  }
}

function readPayload(reader: ByteReader): PeerPayload {
  const type = reader.u8();
  const length = reader.u32();
  if (length > reader.remaining)
    throw malformed(`a message of ${length} bytes where ${reader.remaining} are left`);
  const end = reader.offset + length;
  const payload =
    type === FORWARD
      ? readForward(reader, end)
      : type === FORWARD_REPLY
        ? readForwardReply(reader, end)
        : undefined;
  if (payload !== undefined) return payload;
  const message = readMessage(type, reader);
  if (message === undefined) throw malformed(`unknown message type ${type}`);
  // Reading on into the next message, or stopping short of it, both mean that the two sides disagree on the format.
  if (reader.offset !== end)
    throw malformed(`a message of type ${type} does not have the length that it says`);
  return { kind: 'protocol', message };
}

function readForward(reader: ByteReader, end: number): Forward {
  const connection = reader.integer();
  const requestId = reader.integer();
  const timeoutMs = reader.u32();
  return { kind: 'forward', connection, requestId, timeoutMs, group: readRest(reader, end) };
}

function readForwardReply(reader: ByteReader, end: number): ForwardReply {
  const connection = reader.integer();
  const requestId = reader.integer();
  return { kind: 'forward-reply', connection, requestId, answers: readRest(reader, end) };
}

function readRest(reader: ByteReader, end: number): Uint8Array {
  const length = end - reader.offset;
  if (length <= 0) throw malformed('a forwarded message without content');
  return reader.raw(length);
}

function typeOf(payload: Message | Forward | ForwardReply): number {
  if (payload.kind === 'forward') return FORWARD;
  if (payload.kind === 'forward-reply') return FORWARD_REPLY;
  return MESSAGE_TYPE[payload.kind];
}

function writePayload(out: ByteWriter, payload: Message | Forward | ForwardReply): void {
  switch (payload.kind) {
    case 'forward':
      out.integer(payload.connection);
      out.integer(payload.requestId);
      out.u32(payload.timeoutMs);
      out.raw(payload.group);
      return;
    case 'forward-reply':
      out.integer(payload.connection);
      out.integer(payload.requestId);
      out.raw(payload.answers);
      return;
    default:
      writeMessage(out, payload);
  }
}

function writeChecksum(frame: Uint8Array, checksum: Checksum): void {
  const value = checksum(frame.subarray(CHECKED_OFFSET)) >>> 0;
  new DataView(frame.buffer, frame.byteOffset, frame.byteLength).setUint32(CHECKSUM_OFFSET, value, true);
}
