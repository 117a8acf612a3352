/**
 * The flip sweep: one bit of one byte of a real journal's files is wrong, and the journal is used. Drawn from a fixed
 * stream over all files of a stopped and of a killed journal in SQLite, and of a stopped and a resting one in segments.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { streamOf } from '@quorate/core/protocol';
import type { SweepCase, SweepPart } from '#src/sweeps/sweep-part.ts';
import {
  IMAGE_NAMES,
  type ImageName,
  type JournalImageFiles,
  makeImages,
  makeScratchDirectory,
  writeImage,
} from './journal-image.ts';
import { judgeJournal } from './judge-journal.ts';

type Flip = {
  readonly image: ImageName;
  readonly file: string;
  readonly offset: number;
  readonly bit: number;
};

const SEED = 1;
const FLIPS = 200_000;

export class FlipPart implements SweepPart {
  readonly name = 'flips';
  readonly title = 'flipped bits in the files of a journal: refused, or nothing else than before';
  readonly size = FLIPS;
  readonly #images: readonly JournalImageFiles[];
  readonly #directory: string;
  readonly #counts: Map<string, number> = new Map();

  static async create(): Promise<FlipPart> {
    return new FlipPart(await makeImages());
  }

  private constructor(images: readonly JournalImageFiles[]) {
    this.#images = images;
    this.#directory = makeScratchDirectory();
  }

  nameOf(index: number): string {
    const random = streamOf(SEED, `flip/${index}`);
    const files = this.#images.flatMap((image) =>
      image.files.filter(({ bytes }) => bytes.length > 0).map((file) => ({ image, file })),
    );
    // By size, so that every byte of the large files has its turn; now and then by file, so that small ones have theirs.
    const total = files.reduce((sum, { file }) => sum + file.bytes.length, 0);
    let left = random.below(total);
    const bySize = files.find(({ file }) => (left -= file.bytes.length) < 0);
    const { image, file } = (random.chance(0.85) ? bySize : undefined) ?? random.pick(files);
    return nameOf({
      image: image.name,
      file: file.name,
      offset: random.below(file.bytes.length),
      bit: random.below(8),
    });
  }

  find(name: string): SweepCase | undefined {
    const flip = parse(name);
    const image = this.#images.find((candidate) => candidate.name === flip?.image);
    const file = image?.files.find((candidate) => candidate.name === flip?.file);
    if (flip === undefined || image === undefined || file === undefined || flip.offset >= file.bytes.length)
      return undefined;
    return { name, play: () => this.#play(image, flip) };
  }

  figures(): readonly (readonly [string, string])[] {
    return [...this.#counts]
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([what, count]) => [what, `${count}`]);
  }

  /** Removes what it wrote. */
  close(): void {
    rmSync(this.#directory, { recursive: true, force: true });
  }

  async #play(image: JournalImageFiles, flip: Flip): Promise<string | undefined> {
    const directory = join(this.#directory, 'journal');
    writeImage(image, directory, ({ name, bytes }) => (name === flip.file ? flipped(bytes, flip) : bytes));
    const verdict = await judgeJournal(directory, image);
    if (verdict.kind === 'wrong') return verdict.what;
    const what =
      verdict.kind === 'same' ? 'nothing changed' : `refused when ${verdict.when} with ${verdict.code}`;
    const key = `${flip.image} ${flip.file}: ${what}`;
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
    return undefined;
  }
}

function flipped(bytes: Buffer, { offset, bit }: Flip): Buffer {
  const copy = Buffer.from(bytes);
  copy[offset] = (copy[offset] ?? 0) ^ (1 << bit);
  return copy;
}

function nameOf({ image, file, offset, bit }: Flip): string {
  return `${image}/${file}/${offset}.${bit}`;
}

function parse(name: string): Flip | undefined {
  const match = /^([a-z]+)\/([\w.-]+)\/(\d+)\.([0-7])$/.exec(name);
  const image = IMAGE_NAMES.find((candidate) => candidate === match?.[1]);
  if (match === null || image === undefined) return undefined;
  return {
    image,
    file: match[2] ?? '',
    offset: Number(match[3]),
    bit: Number(match[4]),
  };
}
