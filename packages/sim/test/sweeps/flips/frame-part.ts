/**
 * Flipped bits in frames, every bit of every byte. Frames between nodes carry a checksum, so each one is refused; frames of
 * clients have none, so each one is refused or read as something that is a frame.
 *
 * The frames between nodes are those that the nodes of the golden run send.
 */
import { crc32 } from 'node:zlib';
import { describeMessage, type Message } from '@quorate/core/protocol';
import { decodePeerFrame, encodePeerFrame } from '@quorate/core/wire';
import { QuorateError } from '@quorate/wire';
import { GoldenRun } from '#src/sweeps/golden/golden-run.ts';
import type { SweepCase, SweepPart } from '#src/sweeps/sweep-part.ts';
import { CLIENT_FRAMES, judgeClientFrame, judgeNodeFrame, NODE_FRAMES } from '../fuzz/targets/frames.ts';

const LIMITS = { maxFrameBytes: 1024 * 1024, group: 0 };
const MESSAGES_PER_FRAME = 3;
/** Frames of each kind of message that are flipped. */
const FRAMES_PER_KIND = 12;

type Sample = {
  readonly name: string;
  readonly frame: Uint8Array;
  readonly judge: (flipped: Uint8Array) => string | undefined;
};

export class FramePart implements SweepPart {
  readonly name = 'frames';
  readonly title = 'flipped bits in frames: refused, or a frame';
  readonly #samples: readonly Sample[];
  #frames = 0;
  #bits = 0;
  #refused = 0;

  constructor() {
    this.#samples = [
      ...goldenFrames().map((frame, index): Sample => ({ name: `peer-${index}`, frame, judge: judgePeer })),
      ...CLIENT_FRAMES.map(
        (frame, index): Sample => ({ name: `client-${index}`, frame, judge: judgeClientFrame }),
      ),
      ...NODE_FRAMES.map((frame, index): Sample => ({ name: `node-${index}`, frame, judge: judgeNodeFrame })),
    ];
  }

  get size(): number {
    return this.#samples.length;
  }

  nameOf(index: number): string {
    return this.#samples[index]?.name ?? '';
  }

  find(name: string): SweepCase | undefined {
    const found = this.#samples.find((sample) => sample.name === name);
    return found === undefined ? undefined : { name, play: () => this.#play(found) };
  }

  figures(): readonly (readonly [string, string])[] {
    return [
      ['frames', `${this.#frames}`],
      ['flipped bits', `${this.#bits}`],
      ['refused', `${this.#refused}`],
    ];
  }

  #play({ frame, judge }: Sample): string | undefined {
    this.#frames += 1;
    for (let bit = 0; bit < frame.length * 8; bit++) {
      const flipped = frame.slice();
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      this.#bits += 1;
      try {
        if (judge(flipped) !== undefined) this.#refused += 1;
      } catch (error) {
        return `bit ${bit}: ${String(error)}`;
      }
    }
    return undefined;
  }
}

function judgePeer(flipped: Uint8Array): string {
  try {
    decodePeerFrame(flipped, crc32, LIMITS);
  } catch (error) {
    if (error instanceof QuorateError) return error.code;
    throw error;
  }
  throw new Error('a damaged frame between nodes was read');
}

/** Some of every kind of message, a few messages to a frame. */
function goldenFrames(): Uint8Array[] {
  const byKind = new Map<Message['kind'], Map<string, Message>>();
  const run = new GoldenRun(() => undefined);
  run.stage.watch((event) => {
    if (event.kind !== 'send') return;
    const known = byKind.get(event.message.kind) ?? new Map<string, Message>();
    if (known.size < FRAMES_PER_KIND * MESSAGES_PER_FRAME)
      known.set(describeMessage(event.message), event.message);
    byKind.set(event.message.kind, known);
  });
  run.play();
  const frames: Uint8Array[] = [];
  for (const known of byKind.values()) {
    const messages = [...known.values()];
    for (let at = 0; at < messages.length; at += MESSAGES_PER_FRAME)
      frames.push(encodePeerFrame(messages.slice(at, at + MESSAGES_PER_FRAME), crc32));
  }
  return frames;
}
