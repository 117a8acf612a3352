/**
 * Whose journal this is, and what it knows about the storage of its peers: the rows that are written rarely.
 */

import { QuorateError } from '@quorate/wire';
import type { JournalIdentity, PeerRecord } from '../../ports/journal.ts';
import { asNodeId } from '../../protocol/types.ts';
import { corrupt } from '../journal-common/trouble.ts';
import { type IdentityFields, identityCrc, peerCrc, peerSetCrc, peerSetOf } from './checksums.ts';
import type { Connection } from './connection.ts';
import { FORMAT_VERSION } from './schema.ts';

export type StoredIdentity = JournalIdentity & { readonly storageId: string; readonly formatVersion: number };

type IdentityRow = IdentityFields & { readonly group_number: number; readonly crc: number };
type PeerRow = {
  readonly node: number;
  readonly storage_id: string;
  readonly incarnation: number;
  readonly process_nonce: string;
  readonly crc: number;
};
type PeerSetRow = { readonly peer_count: number; readonly peer_crc: number; readonly crc: number };

export function insertIdentity(connection: Connection, identity: JournalIdentity, storageId: string): void {
  const { group, clusterId, genesisDigest, node } = identity;
  const row = {
    format_version: FORMAT_VERSION,
    cluster_id: clusterId,
    genesis_digest: genesisDigest,
    node,
    storage_id: storageId,
  };
  connection
    .prepare(
      'insert into identity (group_number, format_version, cluster_id, genesis_digest, node, storage_id, crc) values (?, ?, ?, ?, ?, ?, ?)',
    )
    .run(group, FORMAT_VERSION, clusterId, genesisDigest, node, storageId, identityCrc(group, row));
}

/** @throws JOURNAL_FOREIGN for another format, JOURNAL_CORRUPT */
export function readIdentity(connection: Connection, path: string): StoredIdentity {
  const version = Number(connection.pragma('user_version', { simple: true }));
  if (version !== FORMAT_VERSION) {
    throw new QuorateError(
      'JOURNAL_FOREIGN',
      `${path} has journal format ${version} and this build of Quorate reads ${FORMAT_VERSION}: use the build that wrote it`,
      {
        details: { path, format: version },
      },
    );
  }
  const [row, ...others] = connection.prepare<[], IdentityRow>('select * from identity').all();
  if (row === undefined || others.length > 0) throw corrupt(path, 'it does not say whose journal it is');
  if (row.crc !== identityCrc(row.group_number, row))
    throw corrupt(path, 'the record that says whose journal it is does not match its checksum');
  return {
    clusterId: row.cluster_id,
    genesisDigest: row.genesis_digest,
    node: asNodeId(row.node),
    group: row.group_number,
    storageId: row.storage_id,
    formatVersion: row.format_version,
  };
}

/** Ascending by node. @throws JOURNAL_CORRUPT */
export function readPeers(connection: Connection, path: string): PeerRecord[] {
  const rows = peerRows(connection);
  const peers = rows.map((row) => {
    const peer: PeerRecord = {
      node: asNodeId(row.node),
      storageId: row.storage_id,
      incarnation: row.incarnation,
      processNonce: row.process_nonce,
    };
    if (row.crc !== peerCrc(peer))
      throw corrupt(path, `the record of peer ${row.node} does not match its checksum`);
    return peer;
  });
  const [stored, ...others] = connection.prepare<[], PeerSetRow>('select * from peer_set').all();
  const set = peerSetOf(rows.map(({ crc }) => crc));
  const isWhole =
    stored?.crc === peerSetCrc(set) && stored.peer_count === set.count && stored.peer_crc === set.peerCrc;
  if (!isWhole || others.length > 0)
    throw corrupt(path, `it has ${rows.length} records of peers, which are not those that were stored`);
  return peers;
}

/** Replaces what was known about this peer. Inside a transaction. */
export function putPeer(connection: Connection, peer: PeerRecord): void {
  connection
    .prepare(
      `insert into peers (node, storage_id, incarnation, process_nonce, crc) values (?, ?, ?, ?, ?)
       on conflict (node) do update set storage_id = excluded.storage_id, incarnation = excluded.incarnation,
         process_nonce = excluded.process_nonce, crc = excluded.crc`,
    )
    .run(peer.node, peer.storageId, peer.incarnation, peer.processNonce, peerCrc(peer));
  putPeerSet(connection);
}

/** After every change of the peers, and when the database is made. */
export function putPeerSet(connection: Connection): void {
  const set = peerSetOf(peerRows(connection).map(({ crc }) => crc));
  connection
    .prepare('insert or replace into peer_set (only, peer_count, peer_crc, crc) values (1, ?, ?, ?)')
    .run(set.count, set.peerCrc, peerSetCrc(set));
}

function peerRows(connection: Connection): PeerRow[] {
  return connection
    .prepare<[], PeerRow>('select node, storage_id, incarnation, process_nonce, crc from peers order by node')
    .all();
}
