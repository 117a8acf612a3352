/**
 * Fuzzing of the peer frame decoder: valid frames damaged in many ways, and plain garbage.
 *
 * What must hold for any bytes: the decoder gives payloads or throws a QuorateError of the wire family, and what
 * it gives encodes to the very same frame (one spelling per content). The checksum is made right again after the
 * damage in most runs, since otherwise it would keep the damage from the code behind it.
 */
import { crc32 } from 'node:zlib';
import { ERRORS, QuorateError } from '@quorate/wire';
import type { Message } from '#src/protocol/message.ts';
import { createRandom, type Random } from '#src/protocol/random.ts';
import {
  decodePeerFrame,
  encodePeerFrame,
  type Forward,
  type ForwardReply,
  type PeerPayload,
} from '#src/wire/frame.ts';
import { GOLDEN_VECTORS } from './golden.ts';

const LIMITS = { maxFrameBytes: 65_536, group: 0 };

export type FuzzReport = {
  readonly executions: number;
  readonly decoded: number;
  readonly refused: Readonly<Record<string, number>>;
};

/** Runs until `executions` are done or `budgetMs` is over. @throws Error that names the seed and the bytes. */
export function fuzzFrames(seed: number, executions: number, budgetMs: number): FuzzReport {
  const random = createRandom(seed);
  const refused: Record<string, number> = {};
  const endAt = performance.now() + budgetMs;
  let decoded = 0;
  let done = 0;
  while (done < executions && (done % 512 !== 0 || performance.now() < endAt)) {
    const frame = nextFrame(random);
    const code = judge(frame, seed);
    if (code === undefined) decoded += 1;
    else refused[code] = (refused[code] ?? 0) + 1;
    done += 1;
  }
  return { executions: done, decoded, refused };
}

/** Undefined when the frame was read, or else the code it was refused with. */
export function judge(frame: Uint8Array, seed: number): string | undefined {
  let payloads: PeerPayload[];
  try {
    payloads = decodePeerFrame(frame, crc32, LIMITS);
  } catch (error) {
    if (error instanceof QuorateError && ERRORS[error.code].family === 'wire') return error.code;
    throw new Error(`seed ${seed}: not an error of the wire for ${toHex(frame)}`, { cause: error });
  }
  const again = encodePeerFrame(payloads.map(flat), crc32);
  if (toHex(again) !== toHex(frame))
    throw new Error(`seed ${seed}: two spellings, ${toHex(frame)} and ${toHex(again)}`);
  return undefined;
}

function flat(payload: PeerPayload): Message | Forward | ForwardReply {
  return payload.kind === 'protocol' ? payload.message : payload;
}

function nextFrame(random: Random): Uint8Array {
  const frame = random.chance(0.05) ? garbage(random) : damaged(random);
  if (frame.length >= 12 && random.chance(0.9)) repair(frame);
  return frame;
}

function garbage(random: Random): Uint8Array {
  const frame = new Uint8Array(random.below(80));
  for (let index = 0; index < frame.length; index++) frame[index] = random.below(256);
  if (random.chance(0.8)) frame.set([0x51, 0x50, 1, 0].slice(0, frame.length));
  return frame;
}

function damaged(random: Random): Uint8Array {
  const count = random.between(1, 3);
  const payloads = Array.from({ length: count }, () => random.pick(GOLDEN_VECTORS).payload);
  let frame = encodePeerFrame(payloads, crc32);
  for (let times = random.below(4); times > 0; times--) frame = damage(frame, random);
  return frame;
}

function damage(frame: Uint8Array, random: Random): Uint8Array {
  if (frame.length === 0) return frame;
  const at = random.below(frame.length);
  switch (random.below(6)) {
    case 0:
      frame[at] = (frame[at] ?? 0) ^ (1 << random.below(8));
      return frame;
    case 1:
      frame[at] = random.pick([0, 1, 0x7f, 0x80, 0xff, random.below(256)]);
      return frame;
    case 2:
      return frame.slice(0, at);
    case 3:
      return Uint8Array.from([...frame.subarray(0, at), random.below(256), ...frame.subarray(at)]);
    case 4:
      return Uint8Array.from([...frame.subarray(0, at), ...frame.subarray(at + random.between(1, 8))]);
    default:
      // An edge of a length or of a number, four bytes long.
      frame.set([0xff, 0xff, 0xff, random.pick([0, 0x7f, 0xff])].slice(0, frame.length - at), at);
      return frame;
  }
}

function repair(frame: Uint8Array): void {
  new DataView(frame.buffer, frame.byteOffset, frame.byteLength).setUint32(4, crc32(frame.subarray(8)), true);
}

function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}
