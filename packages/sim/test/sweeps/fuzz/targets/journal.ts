/** The journal's own reading of its files, damaged in any way at all: the input says where, and with what. */
import { join } from 'node:path';
import { type JournalImageFiles, makeImages, writeImage } from '../../flips/journal-image.ts';
import { judgeJournal } from '../../flips/judge-journal.ts';
import type { FuzzTarget } from '../fuzz-target.ts';

const HEADER_BYTES = 8;
const FILL_BYTES = 24;
const MAX_DAMAGES = 4;
/** At this place nothing is damaged. */
const NOWHERE = 0xffff_ffff;

/**
 * An input is a list of damages: u8 image, u8 file, u32 place, u16 length, then bytes that are put there. They are
 * repeated as often as the length asks for; without any the file ends at the place.
 */
export async function journalTarget(directory: string): Promise<FuzzTarget> {
  const images = await makeImages();
  return {
    name: 'journal-files',
    corpus: images.flatMap((_, image) => [1, 300, 8192].map((length) => damages(image, length))),
    judge: async (bytes) => {
      const image = images[(bytes[0] ?? 0) % images.length] as JournalImageFiles;
      const path = join(directory, 'journal');
      const wanted = damagesOf(bytes);
      writeImage(image, path, ({ name, bytes: content }) => {
        const index = image.files.findIndex((file) => file.name === name);
        return wanted
          .filter(({ file }) => file % image.files.length === index)
          .reduce((changed, damage) => apply(changed, damage), content);
      });
      const verdict = await judgeJournal(path, image);
      if (verdict.kind === 'wrong') throw new Error(verdict.what);
      return verdict.kind === 'same' ? undefined : verdict.code;
    },
    share: 1,
  };
}

type Damage = {
  readonly file: number;
  readonly place: number;
  readonly length: number;
  readonly fill: Uint8Array;
};

function damagesOf(bytes: Uint8Array): Damage[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found: Damage[] = [];
  const size = Math.max(HEADER_BYTES, Math.ceil(bytes.length / MAX_DAMAGES));
  for (let at = 0; at + HEADER_BYTES <= bytes.length; at += size) {
    found.push({
      file: bytes[at + 1] ?? 0,
      place: view.getUint32(at + 2, true),
      length: view.getUint16(at + 6, true),
      fill: bytes.subarray(at + HEADER_BYTES, at + size),
    });
  }
  return found;
}

function apply(content: Buffer, { place, length, fill }: Damage): Buffer {
  if (place === NOWHERE || content.length === 0) return content;
  const start = place % content.length;
  if (fill.length === 0) return content.subarray(0, start);
  const changed = Buffer.from(content);
  for (let index = 0; index < length && start + index < changed.length; index++)
    changed[start + index] = fill[index % fill.length] ?? 0;
  return changed;
}

/** Damages of every file, none of them done: a changed place does them. */
function damages(image: number, length: number): Uint8Array {
  const size = HEADER_BYTES + FILL_BYTES;
  const bytes = new Uint8Array(size * MAX_DAMAGES);
  const view = new DataView(bytes.buffer);
  for (let index = 0; index < MAX_DAMAGES; index++) {
    bytes.set([image, index], index * size);
    view.setUint32(index * size + 2, NOWHERE, true);
    view.setUint16(index * size + 6, length, true);
  }
  return bytes;
}
