/**
 * A 64-bit fingerprint of bytes, for telling states apart: digests of backends and of framework state, and the
 * check at the end of a snapshot. Pure JavaScript and the same on every machine.
 *
 * Not for secrets and not against an attacker: it finds divergence and damage, it does not prove authorship. It
 * works on four 32-bit words at a time with four independent accumulators, which keeps a modern processor's
 * multipliers busy, and so costs less than copying the bytes would.
 */

const PRIME_A = 0x9e3779b1;
const PRIME_B = 0x85ebca6b;
const PRIME_C = 0xc2b2ae35;
const PRIME_D = 0x27d4eb2f;

/** A long string is taken in stretches of this many bytes. */
const STRETCH_BYTES = 1024;

/** Two halves of 32 bits, unsigned. */
export type Fingerprint = { readonly high: number; readonly low: number };

/** Of one byte string, as 16 lower-case hexadecimal digits. */
export function fingerprint(bytes: Uint8Array): string {
  const hasher = new Fingerprinter();
  hasher.add(bytes);
  return hasher.hex();
}

export function fingerprintHex(value: Fingerprint): string {
  return value.high.toString(16).padStart(8, '0') + value.low.toString(16).padStart(8, '0');
}

/**
 * Takes bytes in pieces. The pieces count: two strings of bytes that are cut differently have different
 * fingerprints, so a caller feeds whole things (a key, a value, a chunk), never arbitrary cuts.
 */
export class Fingerprinter {
  #a = PRIME_A | 0;
  #b = PRIME_B | 0;
  #c = PRIME_C | 0;
  #d = PRIME_D | 0;

  add(bytes: Uint8Array): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const { length } = bytes;
    this.#a ^= length;
    const whole = length - (length % 16);
    for (let start = 0; start < whole; start += STRETCH_BYTES)
      this.#quads(view, start, Math.min(start + STRETCH_BYTES, whole));
    this.#rest(view, whole, length);
    // Every accumulator takes part in every other one, so that equal words in different places do not cancel out.
    this.#a = mix((this.#a + Math.imul(this.#d, PRIME_B)) | 0, PRIME_C);
    this.#b = mix((this.#b + Math.imul(this.#a, PRIME_D)) | 0, PRIME_A);
    this.#c = mix((this.#c + Math.imul(this.#b, PRIME_C)) | 0, PRIME_B);
    this.#d = mix((this.#d + Math.imul(this.#c, PRIME_A)) | 0, PRIME_D);
  }

  /**
   * Whole groups of four words. Of its own, and called many times for one long string, so that the compiler meets it as a
   * function: a long loop in a function that is called seldom is compiled from its middle, and what follows the loop then
   * is thrown back to the interpreter at every call.
   */
  #quads(view: DataView, start: number, end: number): void {
    let a = this.#a;
    let b = this.#b;
    let c = this.#c;
    let d = this.#d;
    for (let offset = start; offset < end; offset += 16) {
      a = mix(a ^ view.getInt32(offset, true), PRIME_A);
      b = mix(b ^ view.getInt32(offset + 4, true), PRIME_B);
      c = mix(c ^ view.getInt32(offset + 8, true), PRIME_C);
      d = mix(d ^ view.getInt32(offset + 12, true), PRIME_D);
    }
    this.#a = a;
    this.#b = b;
    this.#c = c;
    this.#d = d;
  }

  /** Less than four words. */
  #rest(view: DataView, start: number, end: number): void {
    let a = this.#a;
    let b = this.#b;
    let c = this.#c;
    let d = this.#d;
    let offset = start;
    for (; offset + 4 <= end; offset += 4) {
      const mixed = mix(a ^ view.getInt32(offset, true), PRIME_A);
      // Rotates, so that the words of the rest land in different accumulators.
      a = b;
      b = c;
      c = d;
      d = mixed;
    }
    for (; offset < end; offset++) b = mix(b ^ view.getUint8(offset), PRIME_B);
    this.#a = a;
    this.#b = b;
    this.#c = c;
    this.#d = d;
  }

  value(): Fingerprint {
    const high = finish(this.#a ^ Math.imul(this.#c, PRIME_B));
    const low = finish(this.#b ^ Math.imul(this.#d, PRIME_A) ^ high);
    return { high: high >>> 0, low: low >>> 0 };
  }

  hex(): string {
    return fingerprintHex(this.value());
  }
}

/** One step: a bijection of `state` for every fixed `prime`, so no information is lost on the way. */
function mix(state: number, prime: number): number {
  const product = Math.imul(state, prime);
  return product ^ (product >>> 15);
}

function finish(state: number): number {
  return mix(mix(state, PRIME_B), PRIME_C) ^ (state >>> 13);
}
