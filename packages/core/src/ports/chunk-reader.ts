/**
 * Reads a stream of chunks by lengths that do not care where the chunks end. Holds what one `take` asks for and
 * what is left of the last chunk, not more.
 */
import { malformed } from '@quorate/wire';

export class ChunkReader {
  readonly #chunks: AsyncIterator<Uint8Array>;
  /** What came and was not taken yet. */
  #held: Uint8Array = new Uint8Array(0);

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** Exactly `length` bytes. @throws QuorateError WIRE_MALFORMED when the stream ends before */
  async take(length: number): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    let missing = length;
    while (this.#held.length < missing) {
      parts.push(this.#held);
      missing -= this.#held.length;
      const next = await this.#chunks.next();
      if (next.done === true) throw malformed('the stream of chunks ends too early');
      this.#held = next.value;
    }
    parts.push(this.#held.subarray(0, missing));
    this.#held = this.#held.subarray(missing);
    return parts.length === 1 ? (parts[0] as Uint8Array) : Buffer.concat(parts);
  }

  /** Everything up to the end of the stream. */
  async rest(): Promise<Uint8Array> {
    const parts = [this.#held];
    for (let next = await this.#chunks.next(); next.done !== true; next = await this.#chunks.next())
      parts.push(next.value);
    this.#held = new Uint8Array(0);
    return Buffer.concat(parts);
  }

  /** Tells the source that nothing more will be read. */
  async close(): Promise<void> {
    await this.#chunks.return?.();
  }
}
