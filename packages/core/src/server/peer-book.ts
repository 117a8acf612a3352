/**
 * What this node remembers of its peers' storages: the id that each came with first, its highest incarnation and the
 * process that ran as it, all flushed before the peer is admitted. A peer that comes back with another storage was wiped,
 * cloned or swapped: it has forgotten what it promised, and its votes are refused. An older copy of the right directory
 * shows itself by its incarnation; started exactly as often as the original, it shows itself by another process.
 * Known limit: peers that never met the old storage cannot tell; docs/guarantees has the whole story.
 */
import { type ErrorCode, QuorateError } from '@quorate/wire';
import type { Journal, PeerRecord } from '../ports/journal.ts';
import type { NodeId } from '../protocol/types.ts';

type Verdict =
  | { readonly ok: true }
  | { readonly ok: false; readonly code: ErrorCode; readonly message: string };

export class PeerBook {
  readonly #journal: Journal;
  readonly #onFailure: (error: QuorateError) => void;
  readonly #records = new Map<NodeId, PeerRecord>();

  /** `onFailure`: the journal could not remember a peer, so this node cannot go on. */
  constructor(journal: Journal, records: readonly PeerRecord[], onFailure: (error: QuorateError) => void) {
    this.#journal = journal;
    this.#onFailure = onFailure;
    for (const record of records) this.#records.set(record.node, record);
  }

  /** Never throws: it is called from where a socket is read. */
  admit(node: NodeId, storageId: string, incarnation: number, processNonce: string): Verdict {
    const known = this.#records.get(node);
    if (known !== undefined && known.storageId !== storageId) {
      return {
        ok: false,
        code: 'STORAGE_REPLACED',
        message: `node ${node} is known with storage ${known.storageId.slice(0, 8)}, not ${storageId.slice(0, 8)}`,
      };
    }
    if (known !== undefined && incarnation < known.incarnation) {
      return {
        ok: false,
        code: 'STORAGE_REPLACED',
        message: `node ${node} was seen in incarnation ${known.incarnation}, this is ${incarnation}: an old copy of its data directory?`,
      };
    }
    if (known === undefined || incarnation > known.incarnation)
      return this.#remember({ node, storageId, incarnation, processNonce });
    if (processNonce === known.processNonce) return { ok: true };
    return {
      ok: false,
      code: 'STORAGE_REPLACED',
      message: `another process ran as incarnation ${incarnation} of node ${node}: a copy of its data directory?`,
    };
  }

  #remember(record: PeerRecord): Verdict {
    try {
      this.#journal.rememberPeer(record);
    } catch (error) {
      if (!(error instanceof QuorateError)) throw error;
      this.#onFailure(error);
      return { ok: false, code: error.code, message: 'this node cannot remember its peers and stops' };
    }
    this.#records.set(record.node, record);
    return { ok: true };
  }
}
