/** What the loop needs to know of a kind of store: starting a server, counting in it, comparing what it holds. */
import type { QuorateClient } from '@quorate/client';

export type StoreServer = {
  readonly url: string;
  /** `kill -9`. */
  kill(): Promise<void>;
  restart(): Promise<void>;
  stop(): Promise<void>;
};

export type StoreKind = {
  /** As in `backend:`. */
  readonly name: string;
  startServer(): Promise<StoreServer>;
  /** Once, before the load. */
  prepare(client: QuorateClient): Promise<void>;
  /** Adds 1 and gives the count. Errors as the client has them. */
  increment(client: QuorateClient, key: string): Promise<number>;
  /** Linearizable; 0 when the key was never counted. */
  count(client: QuorateClient, key: string): Promise<number>;
  /** Of everything that the server holds; the node is gone or at rest. */
  digest(url: string): Promise<string>;
};
