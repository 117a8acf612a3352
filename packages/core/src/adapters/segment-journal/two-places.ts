/**
 * A small text in a file of two places that are written in turn, so that one torn write cannot hurt both: the newer
 * one that can be read counts.
 */
import type { JournalDisk, JournalFile } from '../../ports/journal-disk.ts';
import { readWhole, writeNew } from './disk-files.ts';
import { SECTOR_BYTES } from './layout.ts';
import { openSealedText, sealText } from './sealed-text.ts';

/** Places begin at multiples of this, because a drive may write no less at a time, and tear that. */
export const PLACE_STEP_BYTES = 4096;

/** Where the text lies, and how many bytes a place has: a multiple of PLACE_STEP_BYTES. */
export type TwoPlacesFile = { readonly name: string; readonly placeBytes: number };

/** The version that both places hold after formatting. */
export const FIRST_VERSION = 1;

type Stored<Content> = Content & { readonly version: number };

export class TwoPlaces<Content extends object> {
  readonly #where: TwoPlacesFile;
  readonly #file: JournalFile;
  #newest: Stored<Content>;

  /** Makes the file, with `content` in both places. */
  static format<Content extends object>(disk: JournalDisk, where: TwoPlacesFile, content: Content): void {
    const places = Buffer.alloc(2 * where.placeBytes);
    for (const version of [FIRST_VERSION - 1, FIRST_VERSION])
      places.set(placeOf(where, { version, ...content }), placeAt(where, version));
    writeNew(disk, where.name, places);
  }

  /** Opens it; undefined when the file is missing or neither place can be read. */
  static open<Content extends object>(
    disk: JournalDisk,
    where: TwoPlacesFile,
  ): TwoPlaces<Content> | undefined {
    if (!disk.list().includes(where.name)) return undefined;
    const bytes = readWhole(disk, where.name);
    const places = [0, where.placeBytes].map(
      (at) => openSealedText(bytes.subarray(at, at + where.placeBytes)) as Stored<Content> | undefined,
    );
    const newest = places.reduce((best, place) =>
      (place?.version ?? -1) > (best?.version ?? -1) ? place : best,
    );
    return newest === undefined ? undefined : new TwoPlaces(where, disk.open(where.name), newest);
  }

  private constructor(where: TwoPlacesFile, file: JournalFile, newest: Stored<Content>) {
    this.#where = where;
    this.#file = file;
    this.#newest = newest;
  }

  get version(): number {
    return this.#newest.version;
  }

  get content(): Content {
    return this.#newest;
  }

  /** Durable when it returns. */
  write(content: Content): void {
    const next = { ...content, version: this.version + 1 };
    this.#file.write(placeOf(this.#where, next), placeAt(this.#where, next.version));
    this.#newest = next;
  }

  /** Beside other work, one at a time: durable when `done` runs without an error. */
  writeLater(content: Content, done: (error: unknown) => void): void {
    const next = { ...content, version: this.version + 1 };
    this.#file.writeLater(placeOf(this.#where, next), placeAt(this.#where, next.version), (error) => {
      if (error === undefined) this.#newest = next;
      done(error);
    });
  }

  /** See `recover.ts`, flushAgain. */
  flushAgain(): void {
    this.#file.write(placeOf(this.#where, this.#newest), placeAt(this.#where, this.version));
  }

  close(): void {
    this.#file.close();
  }
}

function placeAt({ placeBytes }: TwoPlacesFile, version: number): number {
  return (version % 2) * placeBytes;
}

/** Up to the end of a sector. What an older and longer text left behind it does not count. */
function placeOf({ name, placeBytes }: TwoPlacesFile, content: object): Buffer {
  const text = sealText(content);
  if (text.length > placeBytes)
    throw new Error(`${text.length} bytes do not fit into a place of ${name}, which has ${placeBytes}`);
  return Buffer.concat([
    text,
    Buffer.alloc(Math.ceil(text.length / SECTOR_BYTES) * SECTOR_BYTES - text.length),
  ]);
}
