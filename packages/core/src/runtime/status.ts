/**
 * What a node says about itself: the body of `GET /v1/status`. Plain JSON data; numbers carry their unit in the name.
 */
import type { Role } from '../protocol/replica-types.ts';

export type EngineCounters = {
  /** Times this node became leader since it started. */
  elections: number;
  /** Frames from clients that could not be read. */
  clientFramesRefused: number;
  /** Frames from peers that could not be read. */
  peerFramesRefused: number;
  /** Messages with values that were ignored because the journal's disk was too far behind. */
  valuesDropped: number;
  /** Commands that did not parse, were forbidden or too large. */
  commandsRefused: number;
};

export function newCounters(): EngineCounters {
  return { elections: 0, clientFramesRefused: 0, peerFramesRefused: 0, valuesDropped: 0, commandsRefused: 0 };
}

export type NodeStatus = {
  readonly node: number;
  readonly addr: string;
  readonly clusterId: string;
  readonly role: Role;
  readonly ballot: { readonly round: number; readonly node: number };
  /** Node id of the leader this node believes in; 0 when it knows none. */
  readonly leader: number;
  /** Leader only: a quorum echoed within the election timeout. */
  readonly quorumConnected: boolean;
  readonly learnedSlot: number;
  readonly appliedSlot: number;
  /** The backend keeps everything up to here through a power cut; 0 for one that lives in memory. */
  readonly durableSlot: number;
  /** Chained digest of the applied prefix: equal applied slots, equal digests. */
  readonly digest: string;
  readonly incarnation: number;
  readonly uptimeMs: number;
  readonly backend: {
    readonly name: string;
    readonly state: 'ok' | 'retrying' | 'fenced';
    readonly detail: string;
    /** What the backend itself said last; asked about once a second. */
    readonly health: { readonly ok: boolean; readonly detail: string };
    /** What must be equal on all nodes. */
    readonly compatibility: Readonly<Record<string, string>>;
  };
  readonly journalFlushMs: { readonly p50: number; readonly p99: number };
  readonly sessions: number;
  readonly connections: number;
  readonly queuedBytes: number;
  /** Commands that the backend is preparing. */
  readonly preparing: number;
  readonly inFlightSlots: number;
  readonly forwards: number;
  readonly counters: Readonly<EngineCounters>;
};

/** One condition of readiness. `detail` is one sentence or word for people. */
export type ReadinessCheck = { readonly name: string; readonly ok: boolean; readonly detail: string };
