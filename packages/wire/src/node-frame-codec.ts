/** Frames from a node to a client, as bytes, and the buffer in which a node gathers a turn's answers. */
import { readAnswer, readErrorCode, writeAnswer, writeResultAnswer } from './answer-codec.ts';
import { ByteReader, ByteWriter, malformed } from './bytes.ts';
import type { Answer, NodeFrame } from './client-frames.ts';
import { ERRORS } from './errors.ts';
import type { Result } from './result.ts';

const WELCOME = 65;
const RESPONSES = 66;
const LEADER = 67;
const GOODBYE = 68;

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
    writeResultAnswer(this.#out, sequence, slot, result);
    this.#count += 1;
  }

  /** `count` answers that are encoded already, one after the other; see `PackedAnswers`. */
  addPacked(answers: Uint8Array, count: number): void {
    if (this.#count === 0) this.#begin();
    this.#out.raw(answers);
    this.#count += count;
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
      return { kind: 'goodbye', code: readErrorCode(reader), message: reader.text() };
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
