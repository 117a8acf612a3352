/** What the node and the thread of the embedded server say to each other. */
export type WorkerStart = {
  /** URL of the module that exports PGlite. */
  readonly module: string;
  /** Where the files of the database are; empty. */
  readonly directory: string;
};

/** One at a time: the next one after `answered`. */
export type WorkerOrder = { readonly question: Uint8Array };

export type WorkerNotice =
  | { readonly kind: 'started' }
  | { readonly kind: 'piece'; readonly bytes: Uint8Array }
  | { readonly kind: 'answered' }
  /** The thread ends. */
  | { readonly kind: 'failed'; readonly message: string };
