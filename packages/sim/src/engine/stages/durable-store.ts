/**
 * Durable memory of one simulated node: what a database server beside it would hold. Outlives the processes that use
 * it, and can be damaged between two of them.
 */
import type { AppliedMark, BackendImage } from '@quorate/core/ports';
import type { Random } from '@quorate/core/protocol';
import type { Result } from '@quorate/wire';
import type { StoreTrouble } from '../stage.ts';
import type { ObjectState } from './objects.ts';

/** Everything that one transaction leaves behind. Never changed in place. */
export type StoreImage = {
  readonly mark: AppliedMark | undefined;
  readonly records: ReadonlyMap<string, Uint8Array>;
  readonly lastResults: readonly Result[];
  readonly objects: Readonly<ObjectState>;
};

const EMPTY: StoreImage = { mark: undefined, records: new Map(), lastResults: [], objects: new Map() };
/** Images kept for `older-image`, about evenly over the run. */
const KEPT_IMAGES = 8;

export class DurableStore {
  #image: StoreImage = EMPTY;
  #older: StoreImage[] = [];
  #commits = 0;
  /** Connections of before the last restart of the server are broken. */
  #connection = 1;
  #hasForeignData = false;

  get image(): StoreImage {
    return this.#image;
  }

  /** A new process begins with the store. Before that somebody mends one with foreign data. */
  adopt(): void {
    if (this.#hasForeignData) this.strike('emptied');
  }

  /** A connection, until the server breaks it. */
  connect(): number {
    return this.#connection;
  }

  isCurrent(connection: number): boolean {
    return connection === this.#connection;
  }

  commit(image: StoreImage): void {
    this.#commits += 1;
    if (this.#commits % KEPT_IMAGES === 0) this.#older = [...this.#older.slice(1 - KEPT_IMAGES), this.#image];
    this.#image = image;
  }

  strike(trouble: 'emptied'): void;
  strike(trouble: StoreTrouble, random: Random): void;
  strike(trouble: StoreTrouble, random?: Random): void {
    this.#connection += 1;
    switch (trouble) {
      case 'emptied':
        this.#image = EMPTY;
        this.#older = [];
        this.#hasForeignData = false;
        return;
      case 'older-image':
        this.#image = random === undefined || this.#older.length === 0 ? EMPTY : random.pick(this.#older);
        // What comes later in the list is newer than what the store holds now.
        this.#older = this.#older.slice(0, this.#older.indexOf(this.#image) + 1);
        return;
      case 'foreign-write': {
        const { mark } = this.#image;
        this.#hasForeignData = mark !== undefined;
        if (mark !== undefined)
          this.#image = { ...this.#image, mark: { ...mark, digest: 'f0e1d2c3b4a59687' } };
        return;
      }
      default:
        return trouble satisfies never;
    }
  }
}

export function backendImageOf(image: StoreImage): BackendImage {
  return {
    mark: image.mark,
    records: [...image.records].map(([key, value]) => ({ key, value })),
    lastResults: image.lastResults,
  };
}
