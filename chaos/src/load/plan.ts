/** What the runner tells a load process, as JSON in a file, and what the process tells the runner, as JSON lines. */

export type LoadPlan = {
  /** Name of the client group, for keys and client names. */
  readonly site: string;
  readonly seed: number;
  /** Addresses of the nodes in node order, as in `config.yaml`; the routes do the rest. */
  readonly addrs: readonly string[];
  /** Registers only (the kv backend), or counters and lists as well (the notebook). */
  readonly objects: 'registers' | 'all';
  /** Calls under way at a time, at most. */
  readonly lanes: number;
  readonly callsPerSecond: number;
  /** Microseconds on the clock of `clock.ts`. */
  readonly fromUs: number;
  readonly untilUs: number;
  /** Numbers of clients in the history count from here; two load processes do not overlap. */
  readonly firstClient: number;
  readonly historyPath: string;
};

export type LoadNotice =
  | { readonly kind: 'progress'; readonly done: number; readonly unknown: number; readonly none: number }
  | {
      readonly kind: 'end';
      /** Commands that were sent to two nodes at once and answered by both. */
      readonly answeredTwice: number;
      /** What must never happen, in words: answers that differ, errors that no fault explains. */
      readonly findings: readonly string[];
    };
