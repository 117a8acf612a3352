/**
 * A simulated disk with one directory on it, for the production segment journal: it outlives processes, loses at a
 * power cut what was not flushed, and fails, lies and rots on command or by chance. Deterministic: everything random
 * comes from the stream it is given.
 *
 * `mount` gives one process its door to it. Whatever a dead process still had under way neither completes nor is heard of.
 */
import type { JournalDisk } from '@quorate/core/ports';
import type { Random } from '@quorate/core/protocol';
import { QuorateError } from '@quorate/wire';
import { failure, type NameCall, RELIABLE_DISK, type SimDiskFaults } from './disk-faults.ts';
import { MountedDisk } from './mounted-disk.ts';
import { SECTOR_BYTES, type SimFile } from './sim-file.ts';

export type SimDiskOptions = {
  readonly random: Random;
  /** True time: a write under way completes even if the process is paused and hears of it later. */
  readonly after: (delayMs: number, run: () => void) => void;
  /** Asked at every operation. */
  readonly faults?: () => SimDiskFaults;
  /** For messages. */
  readonly path?: string;
};

/** 'process': what it wrote is still read, flushed or not. 'power': only what was flushed is certain. */
export type CrashKind = 'process' | 'power';

type UnderWay = {
  readonly file: SimFile;
  readonly position: number;
  readonly length: number;
  readonly before: Uint8Array;
};

export type DiskImage = ReadonlyMap<string, SimFile>;

export function createSimDisk(options: SimDiskOptions): SimDisk {
  return new SimDisk(options);
}

export class SimDisk {
  readonly path: string;
  readonly #random: Random;
  readonly #after: (delayMs: number, run: () => void) => void;
  readonly #faults: () => SimDiskFaults;
  /** Names as they are read now. */
  #names: Map<string, SimFile> = new Map();
  #durableNames: Map<string, SimFile> = new Map();
  /** Changes of names that are not durable, oldest first; a power cut keeps a beginning of them. */
  #changes: ((names: Map<string, SimFile>) => void)[] = [];
  /** Writes that have begun and neither ended nor failed. */
  #underWay: Set<UnderWay> = new Set();
  #isLocked = false;
  #life = 0;
  /** Calls that were refused, for those who ask what was tried. */
  readonly refused: Set<NameCall> = new Set();
  /** Bytes of writes that the disk claims to have done and has not; for judges. */
  lies = 0;

  constructor({ random, after, faults = () => RELIABLE_DISK, path = 'disk' }: SimDiskOptions) {
    this.path = path;
    this.#random = random;
    this.#after = after;
    this.#faults = faults;
  }

  /** A door for one process. `deliver` runs a callback in it, now or when it goes on. */
  mount(deliver: (callback: () => void) => void = (callback) => callback()): JournalDisk {
    return new MountedDisk(this, this.#life, deliver);
  }

  /** The process, or with it the whole machine, is gone. */
  crash(kind: CrashKind): void {
    this.#life += 1;
    this.#isLocked = false;
    const cutShort = this.#underWay;
    this.#underWay = new Set();
    if (kind === 'process') {
      for (const write of cutShort) this.#cutShort(write);
      return;
    }
    for (const change of this.#changes.slice(0, this.#random.below(this.#changes.length + 1)))
      change(this.#durableNames);
    this.#changes = [];
    for (const file of this.#durableNames.values()) file.powerCut(this.#random);
    this.#names = new Map(this.#durableNames);
  }

  /** Everything that is durable now, to be put back with `restore`. */
  image(): DiskImage {
    return new Map([...this.#durableNames].map(([name, file]) => [name, file.copy()]));
  }

  /** As when an older copy of the disk is put back. No process may have it mounted. An empty image: it was wiped. */
  restore(image: DiskImage): void {
    this.#durableNames = new Map([...image].map(([name, file]) => [name, file.copy()]));
    this.#names = new Map(this.#durableNames);
    this.#changes = [];
  }

  /** Files with their durable content, by name. The bytes may be changed in place: rot. */
  files(): readonly { readonly name: string; readonly file: SimFile }[] {
    return [...this.#durableNames]
      .map(([name, file]) => ({ name, file }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  isAlive(life: number): boolean {
    return life === this.#life;
  }

  lock(): { release(): void } {
    if (this.#isLocked) throw new QuorateError('JOURNAL_LOCKED', `the journal in ${this.path} is in use`);
    this.#isLocked = true;
    const life = this.#life;
    return {
      release: () => {
        if (this.isAlive(life)) this.#isLocked = false;
      },
    };
  }

  list(): readonly string[] {
    return [...this.#names.keys()];
  }

  find(name: string): SimFile {
    const file = this.#names.get(name);
    if (file === undefined) throw failure('ENOENT', `no such file: ${name}`);
    return file;
  }

  change(change: (names: Map<string, SimFile>) => void): void {
    change(this.#names);
    this.#changes.push(change);
  }

  syncNames(count: number): void {
    for (const change of this.#changes.splice(0, count)) change(this.#durableNames);
  }

  /** Now and then: the system refuses the call, and nothing has changed. */
  mayRefuse(call: NameCall): void {
    const { nameErrorChance } = this.#faults();
    // No draw where there is nothing to draw: what a seed is about does not depend on it.
    if (nameErrorChance === 0 || !this.#random.chance(nameErrorChance)) return;
    this.refused.add(call);
    throw failure('EIO', `the system refuses: ${call}`);
  }

  /** Makes the oldest `count` changes of names durable; when that fails, perhaps some of them. */
  flushNames(count: number = this.#changes.length): void {
    const there = Math.min(count, this.#changes.length);
    try {
      this.mayRefuse('sync directory');
    } catch (error) {
      this.syncNames(this.#random.below(there + 1));
      throw error;
    }
    this.syncNames(there);
  }

  get pendingNames(): number {
    return this.#changes.length;
  }

  read(file: SimFile, into: Uint8Array, position: number): number {
    if (this.#random.chance(this.#faults().readErrorChance))
      throw failure('EIO', 'the disk could not be read');
    const bytes = file.current.subarray(position, position + into.length);
    into.set(bytes);
    return bytes.length;
  }

  /** Begins a write: throws when there is no room. Returns how it ends. */
  beginWrite(file: SimFile, bytes: Uint8Array, position: number): () => void {
    const growth = position + bytes.length - file.current.length;
    if (growth > 0 && this.#usedBytes() + growth > this.#faults().capacityBytes)
      throw failure('ENOSPC', 'no space left on device');
    const write: UnderWay = { file, position, length: bytes.length, before: file.current.slice() };
    this.#underWay.add(write);
    const end = this.#drawEnd(file, bytes, position);
    return () => {
      this.#underWay.delete(write);
      end();
    };
  }

  #drawEnd(file: SimFile, bytes: Uint8Array, position: number): () => void {
    const { writeErrorChance, lostWriteChance, misdirectedWriteChance } = this.#faults();
    const before = file.durable.slice();
    file.write(bytes, position);
    if (this.#random.chance(writeErrorChance)) return () => this.#failWrite(file, bytes, position);
    if (this.#random.chance(lostWriteChance)) return () => this.#loseWrite(file, bytes, position, before);
    if (this.#random.chance(misdirectedWriteChance))
      return () => this.#misdirectWrite(file, bytes, position, before);
    return () => file.settle(position, bytes.length);
  }

  /** Runs the end of a flush when it is due; a crash before that leaves the write as it is. */
  flushLater(life: number, run: () => void): void {
    const { flushMs, stallChance, stallMs } = this.#faults();
    const delayMs = this.#random.chance(stallChance)
      ? stallMs * this.#random.fraction()
      : flushMs * (0.5 + this.#random.fraction());
    this.#after(delayMs, () => {
      if (this.isAlive(life)) run();
    });
  }

  /** The process died in the middle of the call: only a beginning has reached what is read from now on. */
  #cutShort({ file, position, length, before }: UnderWay): void {
    if (this.#random.chance(0.5)) return;
    const kept = Math.min(length, this.#random.below(length / SECTOR_BYTES + 1) * SECTOR_BYTES);
    const rest = new Uint8Array(length - kept);
    rest.set(before.subarray(position + kept, position + length));
    file.current.set(rest, position + kept);
  }

  #failWrite(file: SimFile, bytes: Uint8Array, position: number): never {
    const share = this.#random.pick([0, 0.5, 1]);
    file.settle(position, bytes.length, () => this.#random.chance(share));
    throw failure('EIO', 'the disk could not be written');
  }

  #loseWrite(file: SimFile, bytes: Uint8Array, position: number, before: Uint8Array): void {
    file.settle(position, bytes.length, () => false);
    file.current.set(before.subarray(position, position + bytes.length), position);
    this.lies += 1;
  }

  #misdirectWrite(file: SimFile, bytes: Uint8Array, position: number, before: Uint8Array): void {
    this.#loseWrite(file, bytes, position, before);
    const sectors = Math.max(1, Math.floor(file.durable.length / SECTOR_BYTES));
    file.overwrite(this.#random.below(sectors) * SECTOR_BYTES, bytes);
  }

  #usedBytes(): number {
    let used = 0;
    for (const file of this.#names.values()) used += file.current.length;
    return used;
  }
}
