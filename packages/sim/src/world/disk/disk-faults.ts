/** What a simulated disk may do wrong, and how often; and what a call that it refuses throws. */
export type SimDiskFaults = {
  /** Mean time of a flush. */
  readonly flushMs: number;
  /** Probability that a flush takes up to `stallMs` instead. */
  readonly stallChance: number;
  readonly stallMs: number;
  /** Probabilities per operation. A failed write may have reached the disk whole, in part or not at all. */
  readonly writeErrorChance: number;
  readonly readErrorChance: number;
  /** Of calls that are not about the content of a file: see NAME_CALLS. A directory whose flush fails may be flushed in part. */
  readonly nameErrorChance: number;
  /** The disk says that it wrote, and did not; or wrote to another sector of the same file. */
  readonly lostWriteChance: number;
  readonly misdirectedWriteChance: number;
  /** Bytes that fit on it; more fails with ENOSPC. */
  readonly capacityBytes: number;
};

export const RELIABLE_DISK: SimDiskFaults = {
  flushMs: 0.2,
  stallChance: 0,
  stallMs: 0,
  writeErrorChance: 0,
  readErrorChance: 0,
  nameErrorChance: 0,
  lostWriteChance: 0,
  misdirectedWriteChance: 0,
  capacityBytes: Number.POSITIVE_INFINITY,
};

/** What the system may refuse beside reading and writing. */
export const NAME_CALLS = ['open', 'create', 'rename', 'remove', 'truncate', 'sync directory'] as const;
export type NameCall = (typeof NAME_CALLS)[number];

/** As the system's own errors. */
export function failure(code: string, message: string): Error {
  return Object.assign(new Error(`${code}: ${message}`), { code });
}
