/**
 * One random history of the production journal on a simulated disk, with crashes and one family of faults, judged after
 * each start: what was acknowledged is there, what is there was appended, or the journal refuses aloud.
 *
 * What a disk does to the very last record, before anything follows it, is a torn write to every journal; so the families
 * that damage what is at rest let the journal come to rest first, and those that lie are followed by further writes.
 */
import type { OpenedJournal, PeerRecord } from '@quorate/core/ports';
import {
  asNodeId,
  asSlot,
  asWriteSequence,
  type JournalWrite,
  type Random,
  streamOf,
} from '@quorate/core/protocol';
import type { SegmentJournal } from '@quorate/core/segment-journal';
import { QuorateError } from '@quorate/wire';
import { type DiskImage, RELIABLE_DISK, SECTOR_BYTES, type SimDiskFaults } from '#src/world/disk/index.ts';
import { differenceFrom, drawWrites, type Step, samePeers, stateAfter } from './model.ts';
import { DiskStage } from './stage.ts';

export const FAMILIES = ['crashes', 'errors', 'full', 'lies', 'rot', 'tail', 'older'] as const;
export type Family = (typeof FAMILIES)[number];

const LIVES = 5;
const APPENDS = 10;
/** Long enough for every flush, and for a record that says that the journal is at rest. */
const REST_MS = 1000;
const IDENTITY = { clusterId: 'c', genesisDigest: 'g', node: asNodeId(1), group: 0 };
const REFUSALS = ['JOURNAL_CORRUPT', 'JOURNAL_IO'];

/** How a history ended: `whole`, or refused with a code. */
export type Outcome = {
  readonly end: string;
  readonly complaint: string | undefined;
  /** Calls that the disk refused. */
  readonly refused: readonly string[];
};

type Past = {
  readonly image: DiskImage;
  readonly steps: Step[];
  readonly certain: number;
  readonly peers: PeerRecord[];
  readonly incarnation: number;
};

class Refused extends Error {
  readonly code: string;

  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

export function playHistory(family: Family, seed: number): Outcome {
  const history = new History(family, seed);
  const outcome = (end: string, complaint?: string): Outcome => ({
    end,
    complaint,
    refused: history.refused,
  });
  try {
    return outcome(history.play());
  } catch (error) {
    if (error instanceof Refused) return outcome(`refused with ${error.code}`);
    if (error instanceof Error) return outcome('wrong', error.message);
    throw error;
  }
}

class History {
  readonly #family: Family;
  readonly #stage: DiskStage;
  readonly #random: Random;
  /** What was handed to a journal; the first `#certain` of it must be there. */
  #steps: Step[] = [];
  #certain = 0;
  #peers: PeerRecord[] = [];
  /** Remembering these failed: they may be there all the same. */
  #peersPerhaps: PeerRecord[][] = [];
  #incarnation = 0;
  readonly #past: Past[] = [];
  #stamp = 0;
  #sequence = 0;
  #failed = false;

  constructor(family: Family, seed: number) {
    this.#family = family;
    this.#stage = new DiskStage(seed);
    this.#random = streamOf(seed, `history/${family}`);
  }

  get refused(): string[] {
    return [...this.#stage.disk.refused];
  }

  play(): string {
    for (let life = 0; life < LIVES; life++) {
      this.#stage.faults = this.#openingFaults();
      const journal = this.#start();
      if (journal === undefined) continue;
      this.#live(journal);
      this.#end(journal);
      this.#past.push(this.#remember());
      if (this.#family === 'rot' && this.#random.chance(0.5)) this.#rot();
      if (this.#family === 'tail' && this.#random.chance(0.4)) this.#loseTail();
    }
    this.#stage.faults = RELIABLE_DISK;
    if (this.#family === 'older') return this.#goBack();
    this.#start();
    return 'whole';
  }

  /** Undefined when it could not start for a reason that will pass. */
  #start(): SegmentJournal | undefined {
    const journal = this.#stage.journal();
    let opened: OpenedJournal;
    try {
      opened = journal.openNow(IDENTITY);
    } catch (error) {
      return this.#refuse(error);
    }
    if (opened.incarnation <= this.#incarnation)
      throw new Error(`incarnation ${opened.incarnation} for a second time`);
    this.#incarnation = opened.incarnation;
    return this.#judge(journal, opened) ? journal : undefined;
  }

  /** An older copy is whole in itself: only its incarnation, or its storage id, shows what it is. */
  #goBack(): string {
    const now = this.#incarnation;
    if (this.#random.chance(0.3)) {
      this.#stage.disk.restore(new Map());
      const { formatted, incarnation } = this.#stage.journal().openNow(IDENTITY);
      if (!formatted || incarnation !== 1) throw new Error('a wiped disk is not formatted anew');
      return 'wiped, known by its storage id';
    }
    const { image, ...then } = this.#random.pick(this.#past);
    this.#stage.disk.restore(image);
    this.#steps = then.steps;
    this.#certain = then.certain;
    this.#peers = then.peers;
    this.#incarnation = then.incarnation;
    this.#start();
    if (this.#incarnation > now + 1) throw new Error('an older copy has a higher incarnation');
    return 'older copy, whole in itself';
  }

  #remember(): Past {
    const { disk } = this.#stage;
    return {
      image: disk.image(),
      steps: [...this.#steps],
      certain: this.#certain,
      peers: this.#peers,
      incarnation: this.#incarnation,
    };
  }

  #refuse(error: unknown): undefined {
    if (!(error instanceof QuorateError) || !REFUSALS.includes(error.code)) throw error;
    const mayRefuse = error.code === 'JOURNAL_IO' ? ['errors', 'full'] : ['lies', 'rot', 'tail'];
    if (!mayRefuse.includes(this.#family)) throw new Error(`refused without a reason: ${error.message}`);
    this.#stage.disk.crash('process');
    if (error.code === 'JOURNAL_CORRUPT') throw new Refused(error.code);
    return undefined;
  }

  /** Finds out which of the appends that nobody heard of are there. */
  #judge(journal: SegmentJournal, opened: OpenedJournal): boolean {
    const { learnedSlot } = opened.image;
    let read: ReturnType<SegmentJournal['readEntries']>;
    try {
      read = journal.readEntries(asSlot(1), asSlot(learnedSlot + 1), Number.MAX_SAFE_INTEGER);
    } catch (error) {
      this.#refuse(error);
      return false;
    }
    const peers = [this.#peers, ...this.#peersPerhaps].find((candidate) =>
      samePeers(candidate, opened.peers),
    );
    if (peers === undefined)
      throw new Error(`peers ${JSON.stringify(opened.peers)} instead of ${JSON.stringify(this.#peers)}`);
    this.#peers = peers;
    this.#peersPerhaps = [];
    let difference: string | undefined;
    for (let count = this.#certain; count <= this.#steps.length; count++) {
      const steps = this.#steps.slice(0, count);
      const found = differenceFrom(stateAfter(steps), opened, read);
      difference ??= found;
      if (found !== undefined) continue;
      this.#steps = [...steps, { kind: 'restart', learnedSlot }];
      this.#certain = this.#steps.length;
      return true;
    }
    throw new Error(`incarnation ${opened.incarnation}: ${difference ?? ''}`);
  }

  #live(journal: SegmentJournal): void {
    this.#failed = false;
    this.#stage.faults = this.#livingFaults();
    const liesAt = this.#random.below(APPENDS - 4);
    for (let index = 0; index < APPENDS && !this.#failed; index++) {
      if (this.#family === 'lies') this.#stage.faults = index === liesAt ? this.#lie() : RELIABLE_DISK;
      this.#append(journal);
      if (this.#random.chance(0.1)) this.#meetPeer(journal);
      // Sometimes the next append comes while this one is being flushed.
      this.#stage.run(this.#random.pick([0, 0.1, 0.5, 2, 300]));
    }
  }

  #append(journal: SegmentJournal): void {
    const writes = drawWrites(this.#random, this.#steps, () => ++this.#stamp);
    this.#steps.push({ kind: 'append', writes });
    const count = this.#steps.length;
    const numbered = writes.map(
      (write) => ({ ...write, sequence: asWriteSequence(++this.#sequence) }) as JournalWrite,
    );
    journal.append(numbered, (error) => {
      if (error !== undefined) this.#failed = true;
      else if (this.#failed) throw new Error('acknowledged after a failure');
      else this.#certain = count;
    });
  }

  #meetPeer(journal: SegmentJournal): void {
    const node = asNodeId(this.#random.between(2, 3));
    const record = { node, storageId: `${node}`.repeat(32), incarnation: ++this.#stamp, processNonce: 'p' };
    const peers = [...this.#peers.filter((peer) => peer.node !== node), record].sort(
      (a, b) => a.node - b.node,
    );
    try {
      journal.rememberPeer(record);
      this.#peers = peers;
    } catch (error) {
      if (!(error instanceof QuorateError) || error.code !== 'JOURNAL_IO') throw error;
      this.#failed = true;
      this.#peersPerhaps.push(peers);
    }
  }

  #end(journal: SegmentJournal): void {
    const isQuiet = ['rot', 'tail', 'older', 'lies'].includes(this.#family);
    this.#stage.run(isQuiet ? REST_MS : this.#random.pick([0, 0.05, 0.2, 1, REST_MS]));
    if (this.#random.chance(0.3) && !this.#failed) void journal.close().catch(() => undefined);
    this.#stage.run(this.#random.pick([0, 0.2, REST_MS]));
    this.#stage.disk.crash(this.#random.pick(['process', 'power']));
  }

  #openingFaults(): SimDiskFaults {
    if (this.#family === 'errors')
      return { ...RELIABLE_DISK, writeErrorChance: 0.02, readErrorChance: 0.01, nameErrorChance: 0.01 };
    return RELIABLE_DISK;
  }

  #livingFaults(): SimDiskFaults {
    if (this.#family === 'errors') return { ...RELIABLE_DISK, writeErrorChance: 0.05, nameErrorChance: 0.05 };
    if (this.#family === 'full')
      return { ...RELIABLE_DISK, capacityBytes: this.#random.between(20_000, 60_000) };
    return RELIABLE_DISK;
  }

  #lie(): SimDiskFaults {
    return {
      ...RELIABLE_DISK,
      ...(this.#random.chance(0.5) ? { lostWriteChance: 1 } : { misdirectedWriteChance: 1 }),
    };
  }

  /** All that was written last, from some sector on: zeros, cut off, or with whole segments gone. */
  #loseTail(): void {
    const { disk } = this.#stage;
    const segments = disk.files().filter(({ name }) => name.startsWith('segment-'));
    const from = Math.max(1, segments.length - this.#random.between(1, 2));
    const image = new Map(disk.image());
    for (const { name } of segments.slice(from + 1)) image.delete(name);
    disk.restore(image);
    const file = disk.files().find(({ name }) => name === segments[from]?.name)?.file;
    if (file === undefined) return;
    const sector = this.#random.below(Math.ceil(file.durable.length / SECTOR_BYTES)) * SECTOR_BYTES;
    file.overwrite(sector, new Uint8Array(file.durable.length - sector));
  }

  /** A flipped bit, or a sector that holds zeros, noise or what lies elsewhere. */
  #rot(): void {
    const { file } = this.#random.pick(
      this.#stage.disk.files().filter(({ file: { durable } }) => durable.length > 0),
    );
    const at = this.#random.below(file.durable.length);
    const sector = Math.floor(at / SECTOR_BYTES) * SECTOR_BYTES;
    const other = this.#random.below(Math.ceil(file.durable.length / SECTOR_BYTES)) * SECTOR_BYTES;
    switch (this.#random.below(4)) {
      case 0:
        return file.overwrite(at, Uint8Array.of((file.durable[at] ?? 0) ^ (1 << this.#random.below(8))));
      case 1:
        return file.overwrite(sector, new Uint8Array(SECTOR_BYTES));
      case 2:
        return file.overwrite(
          sector,
          Uint8Array.from({ length: SECTOR_BYTES }, () => this.#random.below(256)),
        );
      default:
        return file.overwrite(sector, file.durable.slice(other, other + SECTOR_BYTES));
    }
  }
}
