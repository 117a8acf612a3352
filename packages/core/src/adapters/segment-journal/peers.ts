/**
 * What this node knows about the storage of its peers: a file with two places that are written in turn, so that one
 * torn write cannot hurt both. The records of the log say which version must be there.
 */
import { QuorateError } from '@quorate/wire';
import type { PeerRecord } from '../../ports/journal.ts';
import type { JournalDisk } from '../../ports/journal-disk.ts';
import { asNodeId } from '../../protocol/types.ts';
import { corrupt } from '../journal-common/trouble.ts';
import { readWhole, writeAt, writeNew } from './disk-files.ts';
import { openSealedText, sealText } from './sealed-text.ts';

export const PEERS_FILE = 'peers';
/** Of one place; a membership of nine takes about a quarter of it. */
const PLACE_BYTES = 4096;

type Version = { readonly version: number; readonly peers: readonly PeerRecord[] };

/** Makes the file with both places empty. */
export function formatPeers(disk: JournalDisk): void {
  writeNew(disk, PEERS_FILE, Buffer.concat([0, 1].map((version) => placeOf({ version, peers: [] }))));
}

export class Peers {
  readonly #disk: JournalDisk;
  #current: Version;

  /** @throws JOURNAL_CORRUPT when a version is missing that a record knows of. */
  static read(disk: JournalDisk, atLeast: number): Peers {
    const path = `${disk.path}/${PEERS_FILE}`;
    if (!disk.list().includes(PEERS_FILE)) throw corrupt(path, 'the file is missing');
    const bytes = readWhole(disk, PEERS_FILE);
    const places = [0, PLACE_BYTES].map((at) => versionIn(bytes.subarray(at, at + PLACE_BYTES)));
    const newest = places.reduce((best, place) =>
      (place?.version ?? -1) > (best?.version ?? -1) ? place : best,
    );
    if (newest === undefined || newest.version < atLeast)
      throw corrupt(
        path,
        `version ${atLeast} of what is known about peers was acknowledged and cannot be read`,
      );
    return new Peers(disk, newest);
  }

  private constructor(disk: JournalDisk, current: Version) {
    this.#disk = disk;
    this.#current = current;
  }

  get version(): number {
    return this.#current.version;
  }

  /** Ascending by node. */
  get records(): readonly PeerRecord[] {
    return this.#current.peers;
  }

  /** Replaces what was known about this peer; durable when it returns. */
  remember(record: PeerRecord): void {
    const others = this.#current.peers.filter(({ node }) => node !== record.node);
    const peers = [...others, record].sort((left, right) => left.node - right.node);
    const next = { version: this.#current.version + 1, peers };
    this.#write(next);
    this.#current = next;
  }

  /** See `recover.ts`, flushAgain. */
  flushAgain(): void {
    this.#write(this.#current);
  }

  #write(version: Version): void {
    writeAt(this.#disk, PEERS_FILE, placeOf(version), (version.version % 2) * PLACE_BYTES);
  }
}

function placeOf({ version, peers }: Version): Buffer {
  const rows = peers.map(({ node, storageId, incarnation, processNonce }) => ({
    node,
    storageId,
    incarnation,
    processNonce,
  }));
  const text = sealText({ version, peers: rows });
  if (text.length > PLACE_BYTES)
    throw new QuorateError('INVARIANT', `${peers.length} peers do not fit into ${PLACE_BYTES} bytes`);
  return Buffer.concat([text, Buffer.alloc(PLACE_BYTES - text.length)]);
}

function versionIn(place: Buffer): Version | undefined {
  const content = openSealedText(place) as Version | undefined;
  if (content === undefined) return undefined;
  return {
    version: content.version,
    peers: content.peers.map((peer) => ({ ...peer, node: asNodeId(peer.node) })),
  };
}
