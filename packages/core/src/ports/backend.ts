/**
 * The contract between the framework and a store: parse a command, execute it, return a Result.
 *
 * The *full level* is the `Backend` interface below. The *simple level* is `defineBackend`
 * (`define-backend.ts`), which builds one of these from a few functions and plain data.
 *
 * Who calls what. `open` before all others, again only when it failed or the store was rewound; `close` once, after all others, also when `open`
 * failed. `parse`, `admit`, `encode`, `decode` and
 * `explain` on any node at any time; they answer at once and touch nothing. `prepare` on the leader, many at a time,
 * also while a batch is applied. `apply` (or `applyPacked`), `query` and `restore` never overlap: one batch, or the reads between two
 * batches. Only a query that has not answered after `queryTimeoutMs` is given up: applying goes on beside it, and no other
 * query is asked until it has answered. `flush`, `health`, `snapshot` and `digest` may come at any time, also during
 * `apply`; one of each kind at a time, snapshots excepted.
 *
 * What is atomic: `apply` stores effects, mark, system records and results in one step, which happens only if the stored
 * mark is the expected one. `restore` replaces all or nothing. Applied need not be durable: the log is the write-ahead
 * log, and what a power cut took is applied again from it.
 *
 * What comes again: the same batch, after trouble of kind 3 or a crash; the same command to `prepare`, when a client
 * retries; `open` and `restore`, after a failure. `flush`, `health` and `digest` may be called as often as one likes.
 *
 * Four kinds of trouble, and how a backend says each:
 *  1. A command that does not parse, or is forbidden: `parse` returns `ok: false`, or `prepare` throws `CommandRefused`.
 *     Told to the client, never logged.
 *  2. A refusal by the backend's own rules (unique key, wrong type): a `Result` with `ok: false`, the same on every
 *     node. It counts as applied.
 *  3. The store is in trouble (connection lost, disk full): throw `BackendUnavailable`. In `apply` this replica waits and
 *     applies the same batch again; it never skips and never turns the trouble into a Result. In `prepare` and `query` the
 *     client is told that nothing was executed and asks again.
 *  4. The store's data is not what it must be (another mark, foreign writes, an impossible state): throw
 *     `BackendDiverged`. This replica's backend is fenced; the node goes on voting. A store that is only older than it was
 *     says `BackendRewound`, and is filled again from the log (`judgeStep` in `backend-image.ts` tells the two apart).
 * Any other exception of `apply` is treated as 4, and so is what it gives instead of results; of `parse`, `encode`, `prepare` and
 * `query` both hurt only the one who asked.
 *
 * Results depend only on state, command, slot and `logTimeMs`: no clock, no randomness, no order of insertion.
 */
import type { CommandInput, Result } from '@quorate/wire';
import type { Slot } from '../protocol/types.ts';

/** How far a backend's state has got, stored in the same atomic step as the effects. */
export type AppliedMark = {
  readonly clusterId: string;
  readonly group: number;
  /** 0: nothing was ever applied. */
  readonly slot: Slot;
  /** Chained hash over the applied values, 16 lower-case hexadecimal digits; equal slots have equal digests. */
  readonly digest: string;
};

/** Framework state that lives beside the data: sessions, log time. Keys are unique, values opaque; null deletes. */
export type SystemRecord = { readonly key: string; readonly value: Uint8Array | null };

export type Parsed<Command> =
  | { readonly ok: true; readonly command: Command; readonly access: Access }
  /** `error` is shown to the person who typed the command, with the usage where that helps. */
  | { readonly ok: false; readonly error: string };

/** A read never changes state and never enters the log. */
export type Access = 'read' | 'write';

export type ChosenCommand<Command> = {
  readonly command: Command;
  /** Position within the slot, from 0. `(slot, ordinal)` names a command for ever. */
  readonly ordinal: number;
};

export type ApplyBatch<Command> = {
  readonly slot: Slot;
  /** Log time of the slot: never goes back, equal on all nodes. */
  readonly logTimeMs: number;
  /** May be empty: then only the mark and the records move. */
  readonly commands: readonly ChosenCommand<Command>[];
  /** What the stored mark must be for the step to happen. */
  readonly previous: AppliedMark;
  /** What the stored mark is afterwards. */
  readonly next: AppliedMark;
  /** To be stored in the same atomic step. Always empty for a volatile backend. */
  readonly records: readonly SystemRecord[];
};

/** The commands of a slot where they lie in its bytes; see `Backend.applyPacked`. Valid during the call. */
export type PackedBatch = Omit<ApplyBatch<never>, 'commands' | 'records'> & {
  readonly bytes: Uint8Array;
  /** Commands. May be 0: then only the mark moves. */
  readonly count: number;
  /** By ordinal: a command reaches from here up to, not including, its end. What lies at `count` and above means nothing. */
  readonly starts: readonly number[];
  readonly ends: readonly number[];
};

/** Takes the results of a batch, one per command, in order of the ordinals. */
export type ResultSink = {
  /** The value is copied out of `source`, which may be the batch's `bytes`. */
  value(source: Uint8Array, start: number, end: number): void;
  nil(): void;
  /** A refusal by the backend's own rules. */
  refused(code: string, message: string): void;
};

/** What a store held when it was opened. */
export type BackendImage = {
  /** Undefined when the store is empty and never applied anything. */
  readonly mark: AppliedMark | undefined;
  /** All system records, any order, keys unique. */
  readonly records: readonly SystemRecord[];
  /** Results of the last applied batch, by ordinal: a retry after a crash gets its first answer. */
  readonly lastResults: readonly Result[];
};

export type BackendContext = {
  readonly clusterId: string;
  readonly group: number;
  readonly node: number;
  /** Directory of this node that the backend may use; exists. */
  readonly directory: string;
  readonly signal: AbortSignal;
  /** `backendOptions` of config.yaml as read, not validated. */
  readonly options: unknown;
};

export type BackendHealth = { readonly ok: boolean; readonly detail: string };

export interface Backend<Command = unknown> {
  /** Lower-case word, shown in status and in the client's welcome. */
  readonly name: string;
  /** 'volatile': the state ends with the process and every start begins at slot 0. */
  readonly durability: 'volatile' | 'durable';

  /**
   * Before anything else; creates what is missing. Again after it threw `BackendUnavailable`, and after `BackendRewound`:
   * the image is what the store holds now. The node votes meanwhile. @throws BackendUnavailable, BackendDiverged
   */
  open(context: BackendContext): Promise<BackendImage>;

  /** Reads a command and says whether it reads or writes. Total: never throws for any input. Any node. */
  parse(input: CommandInput): Parsed<Command>;
  /** The bytes that go into the log. Canonical: equal commands give equal bytes. */
  encode(command: Command): Uint8Array;
  /** The inverse, on every node. The bytes are a view: copy what is kept. Throws if they were never encoded by this backend. */
  decode(bytes: Uint8Array): Command;
  /**
   * Optional short cut past parse and encode: the access of a command whose argument list already is its encoding,
   * or undefined to take the long way. Called once per command on the hot path.
   */
  admit?(argumentBytes: Uint8Array): Access | undefined;
  /**
   * Optional, on the leader, before the log: replaces what would differ between nodes (time, randomness, generated
   * ids) by fixed values. The same object back means that nothing was to be done; an answer that is no promise costs no
   * turn of the event loop.
   *
   * Calls begin in the order in which commands came, up to `maxPreparing` are under way, and each has `prepareTimeoutMs`
   * (BACKEND_UNAVAILABLE after it, and a late answer is ignored). What it reads from the store may be older than the
   * state that the command will meet: commands before it may not be applied yet. A rewrite must be right all the same.
   * A command that a client retries may be prepared twice with other values; the log executes one of them.
   * @throws CommandRefused, BackendUnavailable, BackendRewound, BackendDiverged
   */
  prepare?(command: Command, context: PrepareContext): Command | Promise<Command>;
  /** One line: what would be logged for this command, or why it is refused. */
  explain(input: CommandInput): string;

  /**
   * In slot order, one at a time, each slot once per lineage of the store. One result per command, in order.
   * If the stored mark already equals `next` (a crash hid the answer), nothing happens and the stored results are
   * returned. If it is neither `previous` nor `next`: throw BackendDiverged. A volatile backend may answer at once.
   */
  apply(batch: ApplyBatch<Command>): readonly Result[] | Promise<readonly Result[]>;
  /**
   * Optional, for a volatile store without `prepare` that is so fast that an object for every command and result costs more than executing
   * it: does what `apply` does, with commands that lie where they came, and hands each result to `results`. A node calls it
   * instead of `apply`; both must do the same. It answers at once, every exception is trouble of kind 4, and no slot comes
   * again: its results need not be kept as `lastResults`.
   */
  applyPacked?(batch: PackedBatch, results: ResultSink): void;
  /** A read at the current state; runs between two batches, never inside one. */
  query(command: Command): Result | Promise<Result>;

  /**
   * Makes everything applied durable and returns the slot up to which a power cut can lose nothing. 0 if volatile.
   * Called about once a second while there is something to flush; the log may be cut below its answer only.
   */
  flush(): Promise<Slot>;
  /** A consistent image at exactly `slot`, system records included; applying goes on while the chunks are read. */
  snapshot(): Promise<BackendSnapshot>;
  /** Replaces all state, all or nothing; may be retried. Afterwards the store is at `slot`. */
  restore(snapshot: {
    readonly slot: Slot;
    readonly chunks: AsyncIterable<Uint8Array>;
  }): Promise<BackendImage>;
  /** Hash of the whole logical state, independent of the order in which it came about; equal states, equal digests. */
  digest(): Promise<string>;
  /** Can the store be reached, and is it set up as it must be? Asked about once a second, shown in status. */
  health(): Promise<BackendHealth>;
  /**
   * Optional: what must be equal on all nodes for results to be equal, such as the server's major
   * version, encoding, versions of collations and extensions; nothing before `open`. Nodes that differ in a fact that both
   * know do not talk to each other, and say why.
   * At most MAX_COMPATIBILITY_FACTS facts, names and values of at most MAX_FACT_CHARACTERS characters. No secrets.
   */
  compatibility?(): Readonly<Record<string, string>>;
  /** Not waited for longer than CLOSE_LIMIT_MS: the node ends without it then, and says so. */
  close(): Promise<void>;
}

export type BackendSnapshot = {
  readonly slot: Slot;
  /** Read once, to the end. Each chunk at most 1 MiB. */
  readonly chunks: AsyncIterable<Uint8Array>;
  release(): Promise<void>;
};

export type PrepareContext = {
  /** Milliseconds since 1970; never before the log time of what is applied. */
  readonly nowMs: number;
  /** `count` random bytes. */
  readonly random: (count: number) => Uint8Array;
};

/** What a backend module exports as default or as `createBackend`. */
export type BackendFactory = (options: unknown) => Backend | Promise<Backend>;

export const MAX_COMPATIBILITY_FACTS = 32;
export const MAX_FACT_CHARACTERS = 200;

/** Trouble of kind 1, found by `prepare`: the reason and the way out, for the person who gave the command. */
export class CommandRefused extends Error {
  constructor(message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = 'CommandRefused';
  }
}

/** Trouble of kind 3: the store cannot be reached or cannot store now. */
export class BackendUnavailable extends Error {
  constructor(message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = 'BackendUnavailable';
  }
}

/** Trouble of kind 4: what the store holds contradicts the log. */
export class BackendDiverged extends Error {
  constructor(message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = 'BackendDiverged';
  }
}

/**
 * Trouble of kind 4 that mends itself: a store that runs on, but came back older than it was, or empty (a restart without
 * its latest writes, a restored dump, a promoted copy). Nothing is lost: `open` is called again, and what the store
 * has forgotten is applied again from the log.
 */
export class BackendRewound extends BackendDiverged {
  constructor(message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = 'BackendRewound';
  }
}
