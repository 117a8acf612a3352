/**
 * Frames between a client and a node (WebSocket path `/client`, sub-protocol `quorate.client.v1`). One
 * WebSocket message is one frame. The order is: client `hello`, node `welcome`, then requests and responses.
 *
 * A request carries many commands that were issued in the same turn of the client's event loop. Every command
 * of a client has its own `sequence`, rising for the life of the client object over all connections, so a retry
 * is the same sequence again and an answer names the sequence it belongs to.
 *
 * Decoders are total: they give a frame or throw `WIRE_MALFORMED`, and allocate in proportion to the input.
 * Byte strings in decoded frames are views into the input.
 */
import { ByteReader, ByteWriter, decodeUtf8, encodeUtf8, malformed } from './bytes.ts';
import type { CommandInput } from './command.ts';
import { ERRORS, type ErrorCode, type ErrorDetails, errorCodeOf, type Outcome } from './errors.ts';
import { type Result, readResult, writeResult } from './result.ts';

export const CLIENT_SUBPROTOCOL = 'quorate.client.v1';
export const CLIENT_PATH = '/client';
/** Versions of this file's format that this build can speak, inclusive. */
export const CLIENT_WIRE_VERSIONS = { min: 1, max: 1 } as const;
/** Commands in one request frame. */
export const MAX_REQUEST_COMMANDS = 4096;

/** How a read may be answered. */
export type ReadConsistency = 'linearizable' | 'stale';

export type ClientFrame =
  | {
      readonly kind: 'hello';
      readonly versionMin: number;
      readonly versionMax: number;
      readonly clientName: string;
    }
  | {
      readonly kind: 'request';
      /** 0: no session. Then only reads are served; a write is refused with ARGUMENT. */
      readonly session: number;
      /** Every sequence up to this one has been answered or given up; its result need not be kept. */
      readonly ackSequence: number;
      readonly consistency: ReadConsistency;
      /** True: a node that does not lead answers NOT_LEADER with a hint instead of forwarding. */
      readonly noForward: boolean;
      /** Milliseconds that the client will still wait; a node may drop what it has not proposed by then. */
      readonly timeoutMs: number;
      /** Ascending by sequence, at most MAX_REQUEST_COMMANDS. */
      readonly commands: readonly RequestCommand[];
    }
  | {
      readonly kind: 'open-session';
      readonly sequence: number;
      readonly timeoutMs: number;
      readonly noForward: boolean;
    }
  | { readonly kind: 'close-session'; readonly sequence: number; readonly session: number };

export type RequestCommand = { readonly sequence: number; readonly input: CommandInput };

export type NodeFrame =
  | {
      readonly kind: 'welcome';
      readonly version: number;
      readonly clusterId: string;
      readonly node: number;
      readonly backend: string;
      /** Client-facing addresses by node id order: `host:port`. */
      readonly addrs: readonly string[];
      /** Node id of the leader as this node knows it; 0 when it knows none. */
      readonly leader: number;
      readonly maxCommandBytes: number;
    }
  | { readonly kind: 'responses'; readonly answers: readonly Answer[] }
  /** Sent when this node's idea of the leader changes. */
  | { readonly kind: 'leader'; readonly leader: number }
  /** The node is about to close the connection, and why. */
  | { readonly kind: 'goodbye'; readonly code: ErrorCode; readonly message: string };

export type Answer =
  /** `slot` is the log position that the answer reflects: for a write its own, for a read the one it saw. */
  | { readonly sequence: number; readonly kind: 'result'; readonly slot: number; readonly result: Result }
  | { readonly sequence: number; readonly kind: 'session'; readonly session: number }
  | {
      readonly sequence: number;
      readonly kind: 'error';
      readonly code: ErrorCode;
      readonly outcome: Outcome;
      readonly message: string;
      readonly details: ErrorDetails;
    };

const HELLO = 1;
const REQUEST = 2;
const OPEN_SESSION = 3;
const CLOSE_SESSION = 4;
const WELCOME = 65;
const RESPONSES = 66;
const LEADER = 67;
const GOODBYE = 68;

const FLAG_STALE = 1;
const FLAG_NO_FORWARD = 2;
const FORM_TEXT = 0;
const FORM_ARGUMENTS = 1;

export function encodeClientFrame(frame: ClientFrame): Uint8Array {
  const out = new ByteWriter();
  writeClientFrame(out, frame);
  return out.bytes();
}

export function writeClientFrame(out: ByteWriter, frame: ClientFrame): void {
  switch (frame.kind) {
    case 'hello':
      out.u8(HELLO);
      out.u16(frame.versionMin);
      out.u16(frame.versionMax);
      out.text(frame.clientName);
      return;
    case 'request':
      writeRequest(out, frame);
      return;
    case 'open-session':
      out.u8(OPEN_SESSION);
      out.u8(frame.noForward ? FLAG_NO_FORWARD : 0);
      out.integer(frame.sequence);
      out.u32(frame.timeoutMs);
      return;
    case 'close-session':
      out.u8(CLOSE_SESSION);
      out.integer(frame.sequence);
      out.integer(frame.session);
      return;
    default:
      return frame satisfies never;
  }
}

function writeRequest(out: ByteWriter, frame: Extract<ClientFrame, { kind: 'request' }>): void {
  out.u8(REQUEST);
  out.u8((frame.consistency === 'stale' ? FLAG_STALE : 0) | (frame.noForward ? FLAG_NO_FORWARD : 0));
  out.integer(frame.session);
  out.integer(frame.ackSequence);
  out.u32(frame.timeoutMs);
  out.u16(frame.commands.length);
  for (const { sequence, input } of frame.commands) {
    out.integer(sequence);
    if (input.form === 'text') {
      out.u8(FORM_TEXT);
      out.block(encodeUtf8(input.text));
    } else {
      out.u8(FORM_ARGUMENTS);
      out.block(input.bytes);
    }
  }
}

export function decodeClientFrame(bytes: Uint8Array): ClientFrame {
  const reader = new ByteReader(bytes);
  const frame = readClientFrame(reader);
  reader.end();
  return frame;
}

function readClientFrame(reader: ByteReader): ClientFrame {
  const type = reader.u8();
  switch (type) {
    case HELLO:
      return {
        kind: 'hello',
        versionMin: reader.u16(),
        versionMax: reader.u16(),
        clientName: reader.text(256),
      };
    case REQUEST:
      return readRequest(reader);
    case OPEN_SESSION: {
      const flags = reader.u8();
      if ((flags & ~FLAG_NO_FORWARD) !== 0) throw malformed(`unknown flags ${flags}`);
      return {
        kind: 'open-session',
        noForward: flags !== 0,
        sequence: reader.integer(),
        timeoutMs: reader.u32(),
      };
    }
    case CLOSE_SESSION:
      return { kind: 'close-session', sequence: reader.integer(), session: reader.integer() };
    default:
      throw malformed(`unknown client frame type ${type}`);
  }
}

function readRequest(reader: ByteReader): ClientFrame {
  const flags = reader.u8();
  if ((flags & ~(FLAG_STALE | FLAG_NO_FORWARD)) !== 0) throw malformed(`unknown flags ${flags}`);
  const session = reader.integer();
  const ackSequence = reader.integer();
  const timeoutMs = reader.u32();
  const count = reader.u16();
  if (count > MAX_REQUEST_COMMANDS)
    throw malformed(`${count} commands are over the limit of ${MAX_REQUEST_COMMANDS}`);
  const commands: RequestCommand[] = [];
  let previous = ackSequence;
  for (let index = 0; index < count; index++) {
    const sequence = reader.integer();
    if (sequence <= previous) throw malformed('sequences must rise and lie above ackSequence');
    previous = sequence;
    const form = reader.u8();
    if (form === FORM_TEXT)
      commands.push({ sequence, input: { form: 'text', text: decodeUtf8(reader.block()) } });
    else if (form === FORM_ARGUMENTS)
      commands.push({ sequence, input: { form: 'arguments', bytes: reader.block() } });
    else throw malformed(`unknown command form ${form}`);
  }
  return {
    kind: 'request',
    session,
    ackSequence,
    consistency: (flags & FLAG_STALE) === 0 ? 'linearizable' : 'stale',
    noForward: (flags & FLAG_NO_FORWARD) !== 0,
    timeoutMs,
    commands,
  };
}

export function encodeNodeFrame(frame: NodeFrame): Uint8Array {
  const out = new ByteWriter();
  writeNodeFrame(out, frame);
  return out.bytes();
}

export function writeNodeFrame(out: ByteWriter, frame: NodeFrame): void {
  switch (frame.kind) {
    case 'welcome':
      out.u8(WELCOME);
      out.u16(frame.version);
      out.text(frame.clusterId);
      out.u32(frame.node);
      out.text(frame.backend);
      out.u16(frame.addrs.length);
      for (const addr of frame.addrs) out.text(addr);
      out.u32(frame.leader);
      out.u32(frame.maxCommandBytes);
      return;
    case 'responses':
      out.u8(RESPONSES);
      out.u32(frame.answers.length);
      for (const answer of frame.answers) writeAnswer(out, answer);
      return;
    case 'leader':
      out.u8(LEADER);
      out.u32(frame.leader);
      return;
    case 'goodbye':
      out.u8(GOODBYE);
      out.u16(ERRORS[frame.code].number);
      out.text(frame.message);
      return;
    default:
      return frame satisfies never;
  }
}

const ANSWER_RESULT = 0;
const ANSWER_SESSION = 1;
const ANSWER_ERROR = 2;

/** One answer. A node appends answers one by one to the frame that `ResponseBuffer` builds. */
export function writeAnswer(out: ByteWriter, answer: Answer): void {
  out.integer(answer.sequence);
  switch (answer.kind) {
    case 'result':
      out.u8(ANSWER_RESULT);
      out.integer(answer.slot);
      writeResult(out, answer.result);
      return;
    case 'session':
      out.u8(ANSWER_SESSION);
      out.integer(answer.session);
      return;
    case 'error':
      out.u8(ANSWER_ERROR);
      out.u16(ERRORS[answer.code].number);
      out.u8(answer.outcome === 'none' ? 0 : 1);
      out.text(answer.message);
      writeDetails(out, answer.details);
      return;
    default:
      return answer satisfies never;
  }
}

/** Collects answers for one connection during a turn and gives them out as one `responses` frame. */
export class ResponseBuffer {
  readonly #out = new ByteWriter(4096);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  get bytes(): number {
    return this.#out.length;
  }

  add(answer: Answer): void {
    if (this.#count === 0) this.#begin();
    writeAnswer(this.#out, answer);
    this.#count += 1;
  }

  /** The hot path of `add` for results: no answer object is made. */
  addResult(sequence: number, slot: number, result: Result): void {
    if (this.#count === 0) this.#begin();
    this.#out.integer(sequence);
    this.#out.u8(ANSWER_RESULT);
    this.#out.integer(slot);
    writeResult(this.#out, result);
    this.#count += 1;
  }

  /** The frame, and an empty buffer again. */
  take(): Uint8Array {
    if (this.#count === 0) this.#begin();
    this.#out.patchU32(1, this.#count);
    this.#count = 0;
    return this.#out.bytes();
  }

  #begin(): void {
    this.#out.reset();
    this.#out.u8(RESPONSES);
    this.#out.u32(0);
  }
}

export function decodeNodeFrame(bytes: Uint8Array): NodeFrame {
  const reader = new ByteReader(bytes);
  const frame = readNodeFrame(reader);
  reader.end();
  return frame;
}

function readNodeFrame(reader: ByteReader): NodeFrame {
  const type = reader.u8();
  switch (type) {
    case WELCOME:
      return readWelcome(reader);
    case RESPONSES: {
      const count = reader.u32();
      const answers: Answer[] = [];
      for (let index = 0; index < count; index++) answers.push(readAnswer(reader));
      return { kind: 'responses', answers };
    }
    case LEADER:
      return { kind: 'leader', leader: reader.u32() };
    case GOODBYE:
      return { kind: 'goodbye', code: readCode(reader), message: reader.text() };
    default:
      throw malformed(`unknown node frame type ${type}`);
  }
}

function readWelcome(reader: ByteReader): NodeFrame {
  const version = reader.u16();
  const clusterId = reader.text(256);
  const node = reader.u32();
  const backend = reader.text(256);
  const count = reader.u16();
  const addrs: string[] = [];
  for (let index = 0; index < count; index++) addrs.push(reader.text(512));
  return {
    kind: 'welcome',
    version,
    clusterId,
    node,
    backend,
    addrs,
    leader: reader.u32(),
    maxCommandBytes: reader.u32(),
  };
}

function readAnswer(reader: ByteReader): Answer {
  const sequence = reader.integer();
  const kind = reader.u8();
  switch (kind) {
    case ANSWER_RESULT:
      return { sequence, kind: 'result', slot: reader.integer(), result: readResult(reader) };
    case ANSWER_SESSION:
      return { sequence, kind: 'session', session: reader.integer() };
    case ANSWER_ERROR:
      return {
        sequence,
        kind: 'error',
        code: readCode(reader),
        outcome: reader.flag() ? 'unknown' : 'none',
        message: reader.text(),
        details: readDetails(reader),
      };
    default:
      throw malformed(`unknown answer kind ${kind}`);
  }
}

function readCode(reader: ByteReader): ErrorCode {
  const number = reader.u16();
  const code = errorCodeOf(number);
  if (code === undefined) throw malformed(`unknown error number ${number}`);
  return code;
}

const MAX_DETAILS = 16;

function writeDetails(out: ByteWriter, details: ErrorDetails): void {
  const entries = Object.entries(details).slice(0, MAX_DETAILS);
  out.u8(entries.length);
  for (const [key, value] of entries) {
    out.text(key);
    out.u8(typeof value === 'number' ? 1 : 0);
    out.text(String(value));
  }
}

function readDetails(reader: ByteReader): ErrorDetails {
  const count = reader.u8();
  if (count > MAX_DETAILS) throw malformed(`${count} error details are over the limit of ${MAX_DETAILS}`);
  const details = Object.create(null) as Record<string, string | number>;
  for (let index = 0; index < count; index++) {
    const key = reader.text(256);
    const isNumber = reader.flag();
    const value = reader.text();
    details[key] = isNumber ? Number(value) : value;
  }
  return details;
}
