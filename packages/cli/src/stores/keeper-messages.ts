/** What goes over the channel between `throw-away.ts` and its `keeper.ts`. */

export type KeeperOrder =
  | { readonly kind: 'start-servers'; readonly backend: string; readonly count: number }
  /** Processes that work in the directory, and end by themselves. */
  | { readonly kind: 'wait-for'; readonly pids: readonly number[] };

export type KeeperNotice =
  | { readonly kind: 'ready'; readonly directory: string }
  | { readonly kind: 'started'; readonly servers: readonly TemporaryServer[] }
  | { readonly kind: 'failed'; readonly message: string };

export type TemporaryServer = { readonly url: string; readonly pid: number };
