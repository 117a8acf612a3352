/**
 * Inputs for a fuzzer: valid encodings that were damaged a few times, spliced together or blown up, and plain garbage.
 */
import type { Random } from '@quorate/core/protocol';

export const MAX_INPUT_BYTES = 65_536;

export function nextInput(corpus: readonly Uint8Array[], random: Random): Uint8Array {
  if (random.chance(0.03)) return garbage(random, random.below(120));
  let input: Uint8Array = random.pick(corpus).slice();
  for (let times = random.below(5); times > 0; times--) input = damage(input, corpus, random);
  return input.length > MAX_INPUT_BYTES ? input.slice(0, MAX_INPUT_BYTES) : input;
}

function garbage(random: Random, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => random.below(256));
}

function damage(input: Uint8Array, corpus: readonly Uint8Array[], random: Random): Uint8Array {
  const at = random.below(input.length + 1);
  const end = Math.min(input.length, at + random.between(1, 12));
  switch (random.below(11)) {
    case 0:
      return changed(input, at, (byte) => byte ^ (1 << random.below(8)));
    case 1:
      return changed(input, at, () => random.pick([0, 1, 0x7f, 0x80, 0xff, random.below(256)]));
    case 2:
      return input.slice(0, at);
    case 3:
      return spliced(input, at, at, garbage(random, random.between(1, 8)));
    case 4:
      return spliced(input, at, end, new Uint8Array(0));
    case 5:
      return spliced(input, at, at + 4, littleEndian(random));
    case 6:
      return spliced(input, at, at + 8, double(random));
    case 7: {
      // The beginning of one and the end of another.
      const other = random.pick(corpus);
      return spliced(input, at, input.length, other.subarray(random.below(other.length + 1)));
    }
    case 8: {
      const other = random.pick(corpus);
      const from = random.below(other.length + 1);
      return spliced(input, at, at, other.subarray(from, from + random.between(1, 40)));
    }
    case 9:
      return spliced(input, at, at, input.subarray(at, end));
    default:
      // A short piece many times over: depth and counts.
      return spliced(
        input,
        at,
        at,
        repeated(input.subarray(at, Math.min(end, at + 3)), random.pick([10, 300, 6000])),
      );
  }
}

function changed(input: Uint8Array, at: number, change: (byte: number) => number): Uint8Array {
  if (at < input.length) input[at] = change(input[at] ?? 0);
  return input;
}

function spliced(input: Uint8Array, from: number, until: number, middle: Uint8Array): Uint8Array {
  const tail = input.subarray(Math.min(until, input.length));
  const output = new Uint8Array(from + middle.length + tail.length);
  output.set(input.subarray(0, from), 0);
  output.set(middle, from);
  output.set(tail, from + middle.length);
  return output;
}

function repeated(piece: Uint8Array, times: number): Uint8Array {
  const output = new Uint8Array(piece.length * times);
  for (let index = 0; index < times; index++) output.set(piece, index * piece.length);
  return output;
}

/** Edges of lengths and counts. */
function littleEndian(random: Random): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(
    0,
    random.pick([
      0,
      1,
      0xff,
      0x100,
      0xffff,
      0x1_0000,
      0x7fff_ffff,
      0x8000_0000,
      0xffff_ffff,
      random.below(64),
    ]),
    true,
  );
  return bytes;
}

/** Edges of integers that travel as doubles, and numbers that are none. */
function double(random: Random): Uint8Array {
  const bytes = new Uint8Array(8);
  const edges = [
    0,
    -0,
    1,
    -1,
    0.5,
    2 ** 31,
    2 ** 32,
    2 ** 53 - 1,
    2 ** 53,
    2 ** 60,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Number.MIN_VALUE,
    random.below(100),
  ];
  new DataView(bytes.buffer).setFloat64(0, random.pick(edges), true);
  return bytes;
}
