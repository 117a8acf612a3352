/**
 * A second opinion on how far the log got: a record that was durable when this was written, so the log can never end
 * before it again. Without it, a stretch that is lost up to the end while no process runs (a file that was removed, cut
 * or filled with zeros) could not be told from a flush that was cut short.
 *
 * It is a lower bound and stays true for ever: it is written after the record that it names, when a life begins, at rest
 * and at a clean end, and nothing has to be taken back before the log goes on. So no crash, at any point, can make it
 * refuse what is there.
 */
import type { JournalDisk } from '../../ports/journal-disk.ts';
import { corrupt } from '../journal-common/trouble.ts';
import type { StoredHeader } from './layout.ts';
import { segmentName } from './segments.ts';
import { PLACE_STEP_BYTES, TwoPlaces, type TwoPlacesFile } from './two-places.ts';

export const WITNESS_FILE = 'witness';
const WHERE: TwoPlacesFile = { name: WITNESS_FILE, placeBytes: PLACE_STEP_BYTES };

/** A record that is durable. */
export type Reached = Pick<StoredHeader, 'number' | 'headerCrc' | 'segment'>;
type Content = Reached & { readonly storageId: string };

export function formatWitness(disk: JournalDisk, storageId: string, reached: Reached): void {
  TwoPlaces.format<Content>(disk, WHERE, { ...reached, storageId });
}

export class Witness {
  readonly #path: string;
  readonly #places: TwoPlaces<Content>;

  /** @throws JOURNAL_CORRUPT when nothing can be read: one place at most is hurt by a crash. */
  static open(disk: JournalDisk, storageId: string): Witness {
    const path = `${disk.path}/${WITNESS_FILE}`;
    const places = TwoPlaces.open<Content>(disk, WHERE);
    if (places === undefined)
      throw corrupt(path, 'it does not say how far the log went, so a shorter one could not be told');
    if (places.content.storageId === storageId) return new Witness(disk.path, places);
    places.close();
    throw corrupt(path, 'it was written for another journal, so files of two directories are mixed');
  }

  private constructor(path: string, places: TwoPlaces<Content>) {
    this.#path = path;
    this.#places = places;
  }

  get reached(): Reached {
    return this.#places.content;
  }

  /** @throws JOURNAL_CORRUPT when the segment is gone that held the record. `lastSegment`: the newest there is. */
  requireSegment(lastSegment: number): void {
    const { segment, number } = this.reached;
    if (segment <= lastSegment) return;
    throw this.#lost(
      segment,
      `the file was removed or emptied while no process had it: record ${number} was written there, and the log ends with segment ${lastSegment}`,
    );
  }

  /** @throws JOURNAL_CORRUPT when the log ends before the record, or with another one of its number. */
  requireReached(last: Reached, end: number): void {
    const { segment, number, headerCrc } = this.reached;
    if (last.number > number || (last.number === number && last.headerCrc === headerCrc)) return;
    const where = `the log ends with record ${last.number}, at offset ${end}`;
    throw this.#lost(
      last.segment,
      last.number === number
        ? `record ${number} is not the one that was written`
        : `${where}, although it went on to record ${number} in ${segmentName(segment)}: what followed was lost while no process had it`,
      end,
    );
  }

  /** Durable when it returns. */
  write(reached: Reached): void {
    this.#places.write(this.#contentOf(reached));
  }

  /** Beside other work, one at a time: durable when `done` runs without an error. */
  writeLater(reached: Reached, done: (error: unknown) => void): void {
    this.#places.writeLater(this.#contentOf(reached), done);
  }

  close(): void {
    this.#places.close();
  }

  #contentOf({ number, headerCrc, segment }: Reached): Content {
    return { number, headerCrc, segment, storageId: this.#places.content.storageId };
  }

  #lost(segment: number, what: string, offset = 0): Error {
    return corrupt(`${this.#path}/${segmentName(segment)}`, what, { offset });
  }
}
