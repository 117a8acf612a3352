/** What goes over the channel between `temporary-stores.ts` and its `keeper.ts`. */

export type KeeperOrders = { readonly backend: string; readonly count: number };

export type KeeperNotice =
  | { readonly kind: 'started'; readonly servers: readonly { readonly url: string; readonly pid: number }[] }
  | { readonly kind: 'failed'; readonly message: string };
