/** What a node is made of: everything that an engine is given by the process, or the simulator, around it. */
import type { QuorateError } from '@quorate/wire';
import type { Backend, BackendImage } from '../ports/backend.ts';
import type { ClientListener } from '../ports/client-listener.ts';
import type { Clock } from '../ports/clock.ts';
import type { Journal, OpenedJournal } from '../ports/journal.ts';
import type { Logger } from '../ports/logger.ts';
import type { Transport } from '../ports/transport.ts';
import type { createReplica } from '../protocol/replica.ts';
import type { NodeId } from '../protocol/types.ts';
import type { Checksum } from '../wire/frame.ts';
import type { Checksum as ChainChecksum } from './digest-chain.ts';
import type { RuntimeLimits } from './limits.ts';

export type EngineOptions = {
  readonly self: NodeId;
  readonly group: number;
  readonly clusterId: string;
  /** By node id order. */
  readonly addrs: readonly string[];
  readonly backend: Backend;
  /** Undefined: its store was away when it was to be opened. The node votes, and opens it as soon as it can. */
  readonly image: BackendImage | undefined;
  /** Opens the backend again. Without it a store that was rewound stays fenced. */
  readonly reopen?: () => Promise<BackendImage>;
  readonly journal: Journal;
  readonly opened: OpenedJournal;
  readonly transport: Transport;
  readonly clients: ClientListener;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly limits: RuntimeLimits;
  /** Feeds election jitter; any safe integer. */
  readonly seed: number;
  /** What `prepare` draws generated ids from. Without it they follow from `seed`, which is for simulation only. */
  readonly randomBytes?: (count: number) => Uint8Array;
  readonly checksum: Checksum & ChainChecksum;
  /** Makes the replica; the simulator puts an observer around it. */
  readonly createReplica?: typeof createReplica;
  /** The node cannot go on: the owner ends the process. Called once; nothing is sent or answered afterwards. */
  readonly onFatal: (error: QuorateError) => void;
};

export function cannotReopen(): Promise<BackendImage> {
  return Promise.reject(new Error('this node has no way to open it again'));
}
