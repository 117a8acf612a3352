/**
 * Memory from which a drive takes bytes itself. Writing past the cache of the system (O_DIRECT) asks for memory that begins
 * at a sector, and Node.js says of no buffer where it begins. The memory of a WebAssembly instance is the one kind that
 * is made of whole pages.
 */

/** Not among the types of this project: they have no browser in them. */
declare const WebAssembly: {
  readonly Memory: new (size: { readonly initial: number }) => { readonly buffer: ArrayBuffer };
};

const PAGE_BYTES = 64 * 1024;
const aligned: WeakSet<ArrayBufferLike> = new WeakSet();
/** There was none once. Asking again would take tens of milliseconds each time: V8 collects all garbage before it says no. */
let isRefused = false;

/** All zero. Ordinary memory where there is none of the other kind. */
export function alignedMemory(bytes: number): Buffer {
  if (isRefused) return Buffer.alloc(bytes);
  try {
    const { buffer } = new WebAssembly.Memory({ initial: Math.ceil(bytes / PAGE_BYTES) });
    aligned.add(buffer);
    return Buffer.from(buffer, 0, bytes);
  } catch {
    // Address space is limited, or the platform has no WebAssembly.
    isRefused = true;
    return Buffer.alloc(bytes);
  }
}

/** Do these bytes begin at a multiple of `unit`, a power of two up to a page? False when that is not known. */
export function beginsAt(bytes: Uint8Array, unit: number): boolean {
  return aligned.has(bytes.buffer) && bytes.byteOffset % unit === 0;
}
