/**
 * The first frames of a connection between two nodes, and nothing else: bytes to greetings and back, pure.
 *
 * The dialling node says `hello` on both lanes, the other node answers each with its own `hello`, and once both
 * answers are good the dialling node says `ready` on both. Either side may say `reject` instead. What follows
 * `ready` belongs to the runtime and is never looked at here.
 *
 * The magic, the kind, the version range and the whole of `reject` keep their place in every version, so that two
 * builds that cannot talk can still say why. The decoder is total: a greeting, or WIRE_MALFORMED or WIRE_VERSION.
 */
import {
  ByteReader,
  ByteWriter,
  ERRORS,
  type ErrorCode,
  errorCodeOf,
  malformed,
  QuorateError,
} from '@quorate/wire';
import { cutText } from '../../ports/cut-text.ts';
import type { Lane } from '../../protocol/message.ts';
import { asNodeId, type NodeId } from '../../protocol/types.ts';
import { PEER_WIRE_VERSIONS } from '../../wire/frame.ts';

export const PEER_PATH = '/peer';
export const PEER_SUBPROTOCOL = 'quorate.peer.v1';

/** Versions of the frames between nodes, inclusive. */
export type VersionRange = { readonly min: number; readonly max: number };

/** Partitioned logs in one cluster; both sides must have the same number. */
export const GROUP_COUNT = 1;

export type Hello = {
  readonly kind: 'hello';
  readonly versions: VersionRange;
  readonly clusterId: string;
  /** Hash of the members in id order. */
  readonly genesisDigest: string;
  readonly from: NodeId;
  readonly to: NodeId;
  readonly storageId: string;
  readonly incarnation: number;
  readonly lane: Lane;
  readonly groups: number;
  /** Random per process: tells a second process with the same directory from the first. */
  readonly processNonce: string;
  /** Rises with every dial of one process. The answer repeats it, so both lanes can be matched. */
  readonly attempt: number;
  /** What must be equal on all nodes for their backends to give equal results: sorted by name, each name once. */
  readonly backend: BackendFacts;
};

export type BackendFacts = readonly (readonly [name: string, value: string])[];

export type Reject = {
  readonly kind: 'reject';
  /** Undefined when a newer peer gave a number that this build does not know. */
  readonly code: ErrorCode | undefined;
  readonly message: string;
};

export type Ready = { readonly kind: 'ready' };

export type Greeting = Hello | Reject | Ready;

/** "QRT" and the number of this layout of greetings. */
const MAGIC = 0x01_54_52_51;
const HELLO = 1;
const REJECT = 2;
const READY = 3;
const CONTROL = 0;
const BULK = 1;

const MAX_NAME_BYTES = 256;
const MAX_FACTS = 64;
const MAX_FACT_BYTES = 1024;
const MAX_MESSAGE_CHARACTERS = 512;
const MAX_MESSAGE_BYTES = 4 * MAX_MESSAGE_CHARACTERS;

export function encodeHello(hello: Hello): Uint8Array {
  const out = begin(HELLO);
  out.u16(hello.versions.min);
  out.u16(hello.versions.max);
  out.text(hello.clusterId);
  out.text(hello.genesisDigest);
  out.u32(hello.from);
  out.u32(hello.to);
  out.text(hello.storageId);
  out.integer(hello.incarnation);
  out.u8(hello.lane === 'control' ? CONTROL : BULK);
  out.u16(hello.groups);
  out.text(hello.processNonce);
  out.integer(hello.attempt);
  out.u16(hello.backend.length);
  for (const [name, value] of hello.backend) {
    out.text(name);
    out.text(value);
  }
  return out.bytes();
}

export function encodeReject(code: ErrorCode, message: string): Uint8Array {
  const out = begin(REJECT);
  out.u16(ERRORS[code].number);
  out.text(cutText(message, MAX_MESSAGE_CHARACTERS));
  return out.bytes();
}

export function encodeReady(): Uint8Array {
  return begin(READY).bytes();
}

/** @throws WIRE_MALFORMED; WIRE_VERSION when the sender speaks no version that `ours` holds. */
export function decodeGreeting(bytes: Uint8Array, ours: VersionRange = PEER_WIRE_VERSIONS): Greeting {
  const reader = new ByteReader(bytes);
  if (reader.u32() !== MAGIC) throw malformed('this is not a greeting between nodes');
  const kind = reader.u8();
  const greeting = readGreeting(kind, reader, ours);
  reader.end();
  return greeting;
}

function readGreeting(kind: number, reader: ByteReader, ours: VersionRange): Greeting {
  switch (kind) {
    case HELLO:
      return readHello(reader, ours);
    case REJECT:
      return { kind: 'reject', code: errorCodeOf(reader.u16()), message: reader.text(MAX_MESSAGE_BYTES) };
    case READY:
      return { kind: 'ready' };
    default:
      throw malformed(`unknown kind of greeting ${kind}`);
  }
}

function readHello(reader: ByteReader, ours: VersionRange): Hello {
  const versions = { min: reader.u16(), max: reader.u16() };
  // Before the rest is read: another version may lay out the rest in another way.
  if (versions.min > ours.max || versions.max < ours.min) {
    throw new QuorateError(
      'WIRE_VERSION',
      `versions ${spell(versions)} were offered and ${spell(ours)} are spoken here`,
    );
  }
  return {
    kind: 'hello',
    versions,
    clusterId: reader.text(MAX_NAME_BYTES),
    genesisDigest: reader.text(MAX_NAME_BYTES),
    from: asNodeId(reader.u32()),
    to: asNodeId(reader.u32()),
    storageId: reader.text(MAX_NAME_BYTES),
    incarnation: reader.integer(),
    lane: readLane(reader),
    groups: reader.u16(),
    processNonce: reader.text(MAX_NAME_BYTES),
    attempt: reader.integer(),
    backend: readFacts(reader),
  };
}

function readFacts(reader: ByteReader): BackendFacts {
  const count = reader.u16();
  if (count > MAX_FACTS) throw malformed(`${count} facts about a backend; at most ${MAX_FACTS}`);
  return Array.from(
    { length: count },
    () => [reader.text(MAX_FACT_BYTES), reader.text(MAX_FACT_BYTES)] as const,
  );
}

function readLane(reader: ByteReader): Lane {
  const lane = reader.u8();
  if (lane === CONTROL) return 'control';
  if (lane === BULK) return 'bulk';
  throw malformed(`unknown lane ${lane}`);
}

function begin(kind: number): ByteWriter {
  const out = new ByteWriter();
  out.u32(MAGIC);
  out.u8(kind);
  return out;
}

function spell(range: VersionRange): string {
  return range.min === range.max ? String(range.min) : `${range.min} to ${range.max}`;
}
