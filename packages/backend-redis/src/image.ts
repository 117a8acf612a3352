/**
 * A consistent view of the data at one slot, read in pieces while slots go on being applied: `lua/image.lua` from the
 * outside. Costs the server one name for each key that was read, and the old value of each key that changed first.
 */
import { randomUUID } from 'node:crypto';
import { BackendDiverged, BackendUnavailable } from '@quorate/core/ports';
import { decodeUtf8, encodeUtf8 } from '@quorate/wire';
import { unpack } from './reply/msgpack.ts';
import type { RawReply, RedisServer, Word } from './server/redis-server.ts';
import { IMAGE } from './server/scripts.ts';

/** A key as it was at the image's slot. */
export type ImageEntry = {
  readonly key: Uint8Array;
  /** Milliseconds as the server has it; -1: none. */
  readonly deadline: Uint8Array;
  /** As `DUMP` gives it. */
  readonly payload: Uint8Array;
};

export type ImageHead = {
  /** '' before the first slot. */
  readonly markText: string;
  readonly logTimeMs: number;
  readonly packedResults: Uint8Array;
  readonly records: readonly { readonly key: string; readonly value: Uint8Array }[];
};

/** Keys asked for at a time, and bytes after which one step inside the server ends. */
const PAGE_KEYS = 500;
const STEP_BYTES = 256 * 1024;

export class Image {
  readonly head: ImageHead;
  readonly #server: RedisServer;
  readonly #id: string;

  private constructor(server: RedisServer, id: string, head: ImageHead) {
    this.#server = server;
    this.#id = id;
    this.head = head;
  }

  /** Of the state as it is when the server gets to it. To be released. @throws BackendUnavailable */
  static async begin(server: RedisServer): Promise<Image> {
    const id = randomUUID();
    const reply = (await server.run(IMAGE, ['begin', id])) as readonly RawReply[];
    const [mark, logTime, results, records] = reply as [
      Uint8Array,
      Uint8Array,
      Uint8Array,
      readonly Uint8Array[],
    ];
    return new Image(server, id, {
      markText: decodeUtf8(mark),
      logTimeMs: Number(decodeUtf8(logTime)),
      packedResults: results,
      records: pairsOf(records),
    });
  }

  /** Every key once, in no order. */
  async *entries(): AsyncGenerator<readonly ImageEntry[]> {
    for await (const [packed] of this.#steps('read')) {
      const list = unpack(packed as Uint8Array) as readonly (readonly Uint8Array[])[];
      yield list.map(([key, deadline, payload]) => ({ key, deadline, payload }) as ImageEntry);
    }
  }

  /** The sums that the digest is made of, the same for equal content. */
  async sums(): Promise<string> {
    let [keys, first, second] = [0, 0, 0];
    for await (const [count, one, two] of this.#steps('sum')) {
      keys += Number(count);
      first = (first + Number(decodeUtf8(one as Uint8Array))) % 2 ** 48;
      second = (second + Number(decodeUtf8(two as Uint8Array))) % 2 ** 48;
    }
    return `${keys} ${first} ${second}`;
  }

  /** May be called more than once. @returns false when the server cannot be asked now: then it is to be called again */
  async release(): Promise<boolean> {
    try {
      await this.#server.run(IMAGE, ['release', this.#id]);
      return true;
    } catch (error) {
      if (!(error instanceof BackendUnavailable || error instanceof BackendDiverged)) throw error;
      return false;
    }
  }

  async *#steps(step: 'read' | 'sum'): AsyncGenerator<readonly RawReply[]> {
    let cursor = '0';
    do {
      const page = (await this.#run('scan', cursor, String(PAGE_KEYS))) as readonly RawReply[];
      cursor = decodeUtf8(page[0] as Uint8Array);
      yield* this.#through(step, page[1] as readonly Uint8Array[]);
    } while (cursor !== '0');
    await this.#run('settle');
    for (;;) {
      const rest = (await this.#run('rest', String(PAGE_KEYS))) as readonly Uint8Array[];
      if (rest.length === 0) return;
      yield* this.#through(step, rest);
    }
  }

  async *#through(step: 'read' | 'sum', keys: readonly Uint8Array[]): AsyncGenerator<readonly RawReply[]> {
    for (let done = 0; done < keys.length; ) {
      const reply = (await this.#run(step, String(STEP_BYTES), ...keys.slice(done))) as readonly RawReply[];
      done += Number(reply[0]);
      yield reply.slice(1);
    }
  }

  async #run(step: string, ...words: readonly Word[]): Promise<RawReply> {
    return this.#server.run(IMAGE, [step, this.#id, ...words]);
  }
}

export function pairsOf(flat: readonly Uint8Array[]): { readonly key: string; readonly value: Uint8Array }[] {
  const pairs: { key: string; value: Uint8Array }[] = [];
  for (let index = 0; index + 1 < flat.length; index += 2)
    pairs.push({
      key: decodeUtf8(flat[index] as Uint8Array),
      value: (flat[index + 1] as Uint8Array).slice(),
    });
  return pairs;
}

export function recordKey(key: string): Uint8Array {
  return encodeUtf8(key);
}
