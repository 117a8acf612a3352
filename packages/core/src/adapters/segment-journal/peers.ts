/**
 * What this node knows about the storage of its peers, in a file of two places. The records of the log say which
 * version must be there.
 */
import type { PeerRecord } from '../../ports/journal.ts';
import type { JournalDisk } from '../../ports/journal-disk.ts';
import { asNodeId } from '../../protocol/types.ts';
import { corrupt } from '../journal-common/trouble.ts';
import { TwoPlaces, type TwoPlacesFile } from './two-places.ts';

export const PEERS_FILE = 'peers';
const WHERE: TwoPlacesFile = { name: PEERS_FILE, placeBytes: 4096 };

type Content = { readonly peers: readonly PeerRecord[] };

/** Makes the file with nobody in it. */
export function formatPeers(disk: JournalDisk): void {
  TwoPlaces.format<Content>(disk, WHERE, { peers: [] });
}

export class Peers {
  readonly #places: TwoPlaces<Content>;

  /** @throws JOURNAL_CORRUPT when a version is missing that a record knows of. */
  static open(disk: JournalDisk, atLeast: number): Peers {
    const path = `${disk.path}/${PEERS_FILE}`;
    if (!disk.list().includes(PEERS_FILE)) throw corrupt(path, 'the file is missing');
    const places = TwoPlaces.open<Content>(disk, WHERE);
    if (places !== undefined && places.version >= atLeast) return new Peers(places);
    places?.close();
    throw corrupt(
      path,
      `version ${atLeast} of what is known about peers was acknowledged and cannot be read`,
    );
  }

  private constructor(places: TwoPlaces<Content>) {
    this.#places = places;
  }

  get version(): number {
    return this.#places.version;
  }

  /** Ascending by node. */
  get records(): readonly PeerRecord[] {
    return this.#places.content.peers.map((peer) => ({ ...peer, node: asNodeId(peer.node) }));
  }

  /** Replaces what was known about this peer; durable when it returns. */
  remember({ node, storageId, incarnation, processNonce }: PeerRecord): void {
    const others = this.records.filter((peer) => peer.node !== node);
    const peers = [...others, { node, storageId, incarnation, processNonce }];
    this.#places.write({ peers: peers.sort((left, right) => left.node - right.node) });
  }

  /** See `recover.ts`, flushAgain. */
  flushAgain(): void {
    this.#places.flushAgain();
  }

  close(): void {
    this.#places.close();
  }
}
