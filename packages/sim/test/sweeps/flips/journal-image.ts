/**
 * Images of real journals of both kinds, as bytes in memory, to be written out with damage again and again.
 *
 * 'stopped': after a clean close, all in the database. 'killed': files copied while the journal was open, so that half
 * of the content is in the database, half in the write-ahead log. 'segments': after a clean close. 'resting': files of a
 * journal in segments copied while it was open and quiet.
 */
import { execFileSync } from 'node:child_process';
import {
  accessSync,
  constants,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSegmentJournal, createSqliteJournal, type Journal, type JournalIdentity } from '@quorate/core';
import { asNodeId } from '@quorate/core/protocol';
import { type Content, contentAfter, numbered, scriptOf, type Write } from './journal-script.ts';

export const IDENTITY: JournalIdentity = {
  clusterId: 'damaged',
  genesisDigest: 'g',
  node: asNodeId(1),
  group: 0,
};
export const PEERS = [
  { node: asNodeId(2), storageId: '2'.repeat(32), incarnation: 4, processNonce: '4'.repeat(32) },
  { node: asNodeId(3), storageId: '3'.repeat(32), incarnation: 9, processNonce: '9'.repeat(32) },
];

export const IMAGE_NAMES = ['stopped', 'killed', 'segments', 'resting'] as const;
export type ImageName = (typeof IMAGE_NAMES)[number];

export type ImageFile = {
  readonly name: string;
  /** Without the zeros at the end. */
  readonly bytes: Buffer;
  /** With them. */
  readonly size: number;
};

export type JournalImageFiles = {
  readonly name: ImageName;
  readonly files: readonly ImageFile[];
  readonly content: Content;
  /** What the next open has to answer. */
  readonly incarnation: number;
};

/** So that the script fills several. */
const SIZES = { firstBytes: 32 * 1024, maxBytes: 32 * 1024 };
/** More than the journal's own quiet time. */
const REST_MS = 300;
const SCRIPT_SEED = 5;
const ATTEMPTS = 5;

const MEMORY_FILE_SYSTEM = '/dev/shm';

/**
 * A fresh directory, in memory where the system offers that: nothing here is about power cuts, and a sweep would
 * otherwise flush a disk a million times.
 */
export function makeScratchDirectory(): string {
  return mkdtempSync(join(isWritable(MEMORY_FILE_SYSTEM) ? MEMORY_FILE_SYSTEM : tmpdir(), 'quorate-flips-'));
}

function isWritable(directory: string): boolean {
  try {
    accessSync(directory, constants.W_OK);
    return true;
  } catch {
    // Not on this system: the disk will do.
    return false;
  }
}

/** A journal of the kind of this image. */
export function journalOf(name: ImageName, directory: string): Journal {
  return name === 'segments' || name === 'resting'
    ? createSegmentJournal({ directory, sizes: SIZES })
    : createSqliteJournal({ directory, thread: 'main' });
}

export async function makeImages(): Promise<readonly JournalImageFiles[]> {
  const root = makeScratchDirectory();
  try {
    const appends = scriptOf(SCRIPT_SEED);
    const half = appends.length >> 1;
    // The journal settles when it is quiet for a moment: a copy made too late has nothing in its log.
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      const directory = join(root, `journal-${attempt}`);
      const first = await open('stopped', directory);
      for (const peer of PEERS) first.rememberPeer(peer);
      await appendAll(first, appends.slice(0, half));
      await first.close();
      const second = await open('stopped', directory);
      await appendAll(second, appends.slice(half));
      const killed = readImage('killed', copyOpen(directory, join(root, `killed-${attempt}`)), appends);
      await second.close();
      const stopped = readImage('stopped', directory, appends);
      if (killed.files.some(({ name, bytes }) => name.endsWith('-wal') && bytes.length > 10_000))
        return [stopped, killed, ...(await makeSegmentImages(root, appends))];
    }
    throw new Error(`in ${ATTEMPTS} attempts the write-ahead log was always merged before it was copied`);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** Writes the image into an empty directory. `damage` gets each file and may give other bytes. */
export function writeImage(
  image: JournalImageFiles,
  directory: string,
  damage: (file: ImageFile) => Buffer,
): void {
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { mode: 0o700 });
  for (const file of image.files) {
    const path = join(directory, file.name);
    writeFileSync(path, damage(file), { mode: 0o600 });
    truncateSync(path, file.size);
  }
}

export async function appendAll(journal: Journal, appends: readonly (readonly Write[])[]): Promise<void> {
  let sequence = 1;
  for (const writes of appends) {
    const batch = numbered(writes, sequence);
    sequence += batch.length;
    await new Promise<void>((resolve, reject) =>
      journal.append(batch, (error) => (error === undefined ? resolve() : reject(error))),
    );
  }
}

/** In two lives, like the others. */
async function makeSegmentImages(
  root: string,
  appends: readonly (readonly Write[])[],
): Promise<JournalImageFiles[]> {
  const directory = join(root, 'segments');
  const half = appends.length >> 1;
  const first = await open('segments', directory);
  for (const peer of PEERS) first.rememberPeer(peer);
  await appendAll(first, appends.slice(0, half));
  await first.close();
  const second = await open('segments', directory);
  await appendAll(second, appends.slice(half));
  await untilAtRest(directory, join(root, 'looks'));
  const resting = readImage('resting', copyOpen(directory, join(root, 'resting')), appends);
  await second.close();
  return [readImage('segments', directory, appends), resting];
}

/** Until the newest record is as short as only one without entries is, and stays so. */
async function untilAtRest(directory: string, looks: string): Promise<void> {
  for (let before = -1; ; ) {
    const used = readImage('resting', copyOpen(directory, looks), []).files.reduce(
      (sum, { bytes }) => sum + bytes.length,
      0,
    );
    rmSync(looks, { recursive: true });
    if (used === before) return;
    before = used;
    await new Promise((resolve) => setTimeout(resolve, REST_MS));
  }
}

async function open(name: ImageName, directory: string): Promise<Journal> {
  const journal = journalOf(name, directory);
  await journal.open(IDENTITY);
  return journal;
}

/** By another process: to read a file that SQLite has locked would drop the lock of this one. The log comes last. */
function copyOpen(from: string, to: string): string {
  const rank = (file: string): number => (file === 'witness' ? 0 : file.endsWith('-wal') ? 2 : 1);
  const files = readdirSync(from).sort((left, right) => rank(left) - rank(right));
  mkdirSync(to, { mode: 0o700 });
  execFileSync('cp', ['-a', ...files.map((file) => join(from, file)), to]);
  return to;
}

function readImage(
  name: ImageName,
  directory: string,
  appends: readonly (readonly Write[])[],
): JournalImageFiles {
  const files = readdirSync(directory).map((file): ImageFile => {
    const bytes = readFileSync(join(directory, file));
    let used = bytes.length;
    while (used > 0 && bytes[used - 1] === 0) used -= 1;
    return { name: file, bytes: bytes.subarray(0, used), size: bytes.length };
  });
  return {
    name,
    files: files.sort((left, right) => (left.name < right.name ? -1 : 1)),
    content: contentAfter(appends),
    incarnation: 3,
  };
}
