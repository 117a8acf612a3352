/**
 * Where a key belongs: its shard, which follows from the key alone and is part of the snapshot's format, and its home
 * within the table of that shard, which begins from a random basis of this process. Where an entry lies in a table is
 * so nobody's business, and nobody can make keys that collide.
 */
export const SHARD_COUNT = 4096;

const FNV_BASIS = 0x811c_9dc5 | 0;
const FNV_PRIME = 0x0100_0193;
const SECRET_BASIS = Math.floor(Math.random() * 0x1_0000_0000) | 0;

/** FNV-1a, folded. Shards are read in the order of this number. */
export function shardOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = FNV_BASIS;
  for (let index = start; index < end; index++) hash = Math.imul(hash ^ (bytes[index] as number), FNV_PRIME);
  return foldToShard(hash);
}

/** Any 32 bits; a table uses the low ones. */
export function homeOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = SECRET_BASIS;
  for (let index = start; index < end; index++) hash = Math.imul(hash ^ (bytes[index] as number), FNV_PRIME);
  return mix(hash);
}

/** Both at once, in one walk over the key and without an object for the answer. */
export class KeyPlace {
  shard = 0;
  home = 0;

  locate(bytes: Uint8Array, start: number, end: number): void {
    let known = FNV_BASIS;
    let secret = SECRET_BASIS;
    for (let index = start; index < end; index++) {
      const byte = bytes[index] as number;
      known = Math.imul(known ^ byte, FNV_PRIME);
      secret = Math.imul(secret ^ byte, FNV_PRIME);
    }
    this.shard = foldToShard(known);
    this.home = mix(secret);
  }
}

function foldToShard(hash: number): number {
  return (hash ^ (hash >>> 12) ^ (hash >>> 24)) & (SHARD_COUNT - 1);
}

/** The low bits of FNV-1a know little of the first bytes. */
function mix(hash: number): number {
  return hash ^ (hash >>> 15);
}
