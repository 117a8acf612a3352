/**
 * What this node knows about the storage of its peers, in a file of two places. The records of the log say which
 * version must be there.
 */
import type { PeerRecord } from '../../ports/journal.ts';
import type { JournalDisk } from '../../ports/journal-disk.ts';
import { asNodeId } from '../../protocol/types.ts';
import { corrupt } from '../journal-common/trouble.ts';
import { PLACE_STEP_BYTES, TwoPlaces, type TwoPlacesFile } from './two-places.ts';

export const PEERS_FILE = 'peers';
/** As many as a configuration allows. */
export const MAX_PEERS = 9;
/** In bytes of UTF-8, of a storage id or a process nonce, as a greeting may bring them. */
export const MAX_PEER_NAME_BYTES = 256;
/** A control character takes six characters of JSON: every peer fits, whatever its names are made of. */
const MAX_PEER_TEXT_BYTES = 2 * 6 * MAX_PEER_NAME_BYTES + 128;
/** Of one place, with room for what is around the list. Only what is used of it is written. */
const PLACE_BYTES = Math.ceil((MAX_PEERS * MAX_PEER_TEXT_BYTES + 128) / PLACE_STEP_BYTES) * PLACE_STEP_BYTES;
const WHERE: TwoPlacesFile = { name: PEERS_FILE, placeBytes: PLACE_BYTES };

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
