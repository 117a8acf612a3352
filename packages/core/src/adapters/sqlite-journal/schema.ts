/**
 * The tables of `journal.db`, readable with the plain `sqlite3` tool while no node has the directory open.
 *
 *   identity   one row per group: whose journal this is. Written once, never changed.
 *   state      two rows per group, written in turn: `copy` is `number` modulo 2. Every transaction ends by writing
 *              one of them with the next `number`, so the higher one is what the node last made durable: its
 *              incarnation, the highest ballot it promised, how far it has learned, and a fingerprint of the
 *              entries above that slot (`tail_count` rows, `tail_crc` the exclusive or of their checksums).
 *   entries    one row per slot: the value this node accepted, or learned from a peer (`chosen` = 1). `value` is
 *              NULL for a noop. `position` is `group_number << 53 | slot`, the key by which the rows lie in the
 *              file in the order of the log; in group 0 it is the slot. `slot` and `group_number` are computed.
 *   peers      what this node knows about the storage of each peer.
 *   peer_set   one row: how many peers there are, and the exclusive or of their checksums, so that none can go missing.
 *
 * Every `crc` covers all other stored fields of its row; `checksums.ts` says in which layout.
 */

/** Raised when an older build could no longer read or keep the rules of what this one writes. */
export const FORMAT_VERSION = 3;

/** "Qrte": how `file` and `pragma application_id` tell a journal from other databases. */
export const APPLICATION_ID = 0x51727465;

/** First release without the fault by which a reset write-ahead log could lose commits. */
export const LOWEST_SQLITE_VERSION = '3.51.3';

/** 8 KiB: a batch of a few kilobytes stays on one page, and a checkpoint makes half the system calls of 4 KiB. */
export const PAGE_BYTES = 8192;

export const DATABASE_FILE = 'journal.db';

/** Of this many groups the numbers fit beside a slot in a 64-bit key. */
export const MAX_GROUPS = 1024;

export const CREATE_TABLES: string = `
  create table identity (
    group_number   integer primary key,
    format_version integer not null,
    cluster_id     text    not null,
    genesis_digest text    not null,
    node           integer not null,
    storage_id     text    not null,
    crc            integer not null
  ) strict;

  create table state (
    group_number   integer not null,
    copy           integer not null,
    number         integer not null,
    incarnation    integer not null,
    promised_round integer not null,
    promised_node  integer not null,
    learned_slot   integer not null,
    tail_count     integer not null,
    tail_crc       integer not null,
    crc            integer not null,
    primary key (group_number, copy)
  ) strict, without rowid;

  create table entries (
    position       integer primary key,
    round          integer not null,
    node           integer not null,
    chosen         integer not null,
    stamp_ms       integer,
    value          blob,
    crc            integer not null,
    group_number   integer as (position >> 53) virtual,
    slot           integer as (position & 9007199254740991) virtual
  ) strict;

  create table peers (
    node           integer primary key,
    storage_id     text    not null,
    incarnation    integer not null,
    process_nonce  text    not null,
    crc            integer not null
  ) strict;

  create table peer_set (
    only           integer primary key,
    peer_count     integer not null,
    peer_crc       integer not null,
    crc            integer not null
  ) strict;

  pragma application_id = ${APPLICATION_ID};
  pragma user_version = ${FORMAT_VERSION};
`;

/** The key of a slot. Numbers hold it exactly in group 0, which is the only one in use on the hot path. */
export function positionOf(group: number, slot: number): number | bigint {
  return group === 0 ? slot : (BigInt(group) << 53n) | BigInt(slot);
}
