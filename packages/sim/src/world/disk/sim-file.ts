/**
 * One file of a simulated disk, twice: what processes read, and what the power leaves. Works in sectors of 512
 * bytes, each of which reaches the disk whole or not at all.
 *
 * A sector is dirty while the two differ and the system knows it. After a failed flush they may differ and nobody
 * knows: a later `sync` does not write it again (as Linux does it since "fsyncgate", 2018).
 */
import type { Random } from '@quorate/core/protocol';

export const SECTOR_BYTES = 512;

export class SimFile {
  /** What is read now. */
  current: Uint8Array = new Uint8Array();
  /** What is there after a power cut, but for what the cut lets through of `#dirty`. */
  durable: Uint8Array = new Uint8Array();
  readonly #dirty: Set<number> = new Set();
  /** Cut in `current` and not yet in `durable`. */
  #isCut = false;

  copy(): SimFile {
    const other = new SimFile();
    other.current = this.durable.slice();
    other.durable = this.durable.slice();
    return other;
  }

  /** The bytes are read from now on, and durable after `settle`. */
  write(bytes: Uint8Array, position: number): void {
    this.current = grown(this.current, position + bytes.length);
    this.current.set(bytes, position);
    for (const sector of sectorsOf(position, bytes.length)) this.#dirty.add(sector);
  }

  /** Of a write, the sectors for which `reaches` says so are durable now; none of them is dirty any more. */
  settle(position: number, length: number, reaches: (sector: number) => boolean = () => true): void {
    for (const sector of sectorsOf(position, length)) {
      this.#dirty.delete(sector);
      if (reaches(sector)) this.#store(sector);
    }
  }

  truncate(bytes: number): void {
    this.current = this.current.slice(0, bytes);
    this.#isCut = true;
  }

  sync(): void {
    for (const sector of this.#dirty) this.#store(sector);
    this.#dirty.clear();
    this.#applyCut();
  }

  /** The system is gone: some of what was dirty is on the disk, an extended area holds zeros or garbage. */
  powerCut(random: Random): void {
    for (const sector of this.#dirty) if (random.chance(0.5)) this.#store(sector, random);
    this.#dirty.clear();
    if (random.chance(0.5)) this.#applyCut();
    this.#isCut = false;
    this.current = this.durable.slice();
  }

  /** Puts other bytes where something durable lay. */
  overwrite(position: number, bytes: Uint8Array): void {
    const end = Math.min(this.durable.length, position + bytes.length);
    if (end <= position) return;
    this.durable.set(bytes.subarray(0, end - position), position);
    if (this.current.length >= end) this.current.set(bytes.subarray(0, end - position), position);
  }

  #applyCut(): void {
    if (this.#isCut && this.durable.length > this.current.length)
      this.durable = this.durable.slice(0, this.current.length);
    this.#isCut = false;
  }

  #store(sector: number, garbage?: Random): void {
    const from = sector * SECTOR_BYTES;
    const end = Math.min(from + SECTOR_BYTES, this.current.length);
    if (end <= from) return;
    const before = this.durable.length;
    this.durable = grown(this.durable, end);
    if (garbage?.chance(0.5) === true)
      for (let at = before; at < from; at++) this.durable[at] = garbage.below(256);
    this.durable.set(this.current.subarray(from, end), from);
  }
}

function* sectorsOf(position: number, length: number): Generator<number, void, undefined> {
  const last = Math.ceil((position + length) / SECTOR_BYTES);
  for (let sector = Math.floor(position / SECTOR_BYTES); sector < last; sector++) yield sector;
}

function grown(bytes: Uint8Array, length: number): Uint8Array {
  if (bytes.length >= length) return bytes;
  const larger = new Uint8Array(length);
  larger.set(bytes);
  return larger;
}
