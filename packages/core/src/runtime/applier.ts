/**
 * Applies chosen slots to the backend, in order, each once, and answers those who wait for their results.
 *
 * Owns PREFIX-APPLY and the four kinds of trouble of ports/backend.ts: a store in trouble is asked again with the same
 * batch, never skipped; a store that contradicts the log is fenced, and the node goes on voting. Values that do not
 * fit the in-memory queue are read back from the journal, which is also how a restart replays.
 */
import type { Result } from '@quorate/wire';
import type { AppliedMark, BackendImage } from '../ports/backend.ts';
import { EMPTY_IMAGE } from '../ports/backend-image.ts';
import { asSlot, type ChosenEntry, type Slot } from '../protocol/types.ts';
import { answerWaiters } from './applied-answers.ts';
import type { ApplierHandlers, ApplierOptions } from './applier-options.ts';
import { faultOfResults } from './backend-returns.ts';
import type { Waiter } from './batcher.ts';
import { ChosenSource } from './chosen-source.ts';
import { GENESIS_DIGEST } from './digest-chain.ts';
import { isJournalFailure } from './journal-failure.ts';
import { MarkHistory } from './mark-history.ts';
import { messageOf } from './message-of.ts';
import { executesPacked, PackedSlots } from './packed-slots.ts';
import { tellUnknown } from './refusals.ts';
import { SessionTable } from './session-table.ts';
import { type Planned, planSlot } from './slot-plan.ts';
import { StoreAttempts } from './store-attempts.ts';
import { type ApplierHealth, StoreHealth } from './store-health.ts';
import { StoreReopener } from './store-reopener.ts';
import { runQueries, WaitingQueries, type WaitingQuery } from './waiting-queries.ts';

export class Applier {
  readonly #options: ApplierOptions;
  /** Only for a store that executes commands where they lie. */
  readonly #packed: PackedSlots | undefined;
  #sessions: SessionTable;
  #mark: AppliedMark;
  #isOpen: boolean;
  /** Marks that were reached: a store that came back older must come by them again. */
  readonly #history = new MarkHistory();
  readonly #source: ChosenSource;
  readonly #queries = new WaitingQueries();
  readonly #health: StoreHealth;
  readonly #reopener: StoreReopener;
  readonly #attempts: StoreAttempts;
  /** Highest slot that `onApplied` was told. */
  #told: Slot;
  #busy = false;
  #scheduled = false;
  #stopped = false;
  /** What a read said about a store that came back older; undefined when none did. */
  #rewound: string | undefined;

  constructor(options: ApplierOptions) {
    this.#options = options;
    const { clusterId, group, backend, checksum, journal, clock, limits } = options;
    this.#health = new StoreHealth(clock, limits.backendRetryMs);
    this.#reopener = this.#createReopener();
    this.#attempts = this.#createAttempts();
    this.#packed = executesPacked(backend) ? new PackedSlots(backend, checksum) : undefined;
    const image = options.image ?? EMPTY_IMAGE;
    this.#mark = image.mark ?? { clusterId, group, slot: asSlot(0), digest: GENESIS_DIGEST };
    this.#history.note(this.#mark);
    this.#source = new ChosenSource(journal, limits, this.#mark.slot);
    this.#told = this.#mark.slot;
    this.#sessions = this.#sessionsOf(this.#mark.slot, image);
    this.#isOpen = options.image !== undefined;
    if (!this.#isOpen) this.#reopenLater('the store could not be opened yet');
  }

  /** False until the backend was opened for the first time. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  get appliedSlot(): Slot {
    return this.#mark.slot;
  }

  get digest(): string {
    return this.#mark.digest;
  }

  get sessionCount(): number {
    return this.#sessions.sessionCount;
  }

  get health(): ApplierHealth {
    return this.#health.current;
  }

  /** Log time of what is applied, in milliseconds since 1970. */
  get logTimeMs(): number {
    return this.#sessions.logTimeMs;
  }

  /** The kept answer of a command that took effect before; undefined says nothing. */
  firstAnswer(
    session: number,
    sequence: number,
  ): { readonly slot: Slot; readonly result: Result } | undefined {
    const result = this.#sessions.find(session, sequence);
    return result === undefined ? undefined : { slot: this.#mark.slot, result };
  }

  /** For how long the backend has not been well, in milliseconds; 0 when it is. */
  get unwellMs(): number {
    return this.#health.unwellMs;
  }

  /** Chosen slots that wait for the backend. */
  get unappliedSlots(): number {
    return Math.max(0, this.#source.target - this.#mark.slot);
  }

  /** Nothing is left to apply here: everything that was chosen is applied, or nothing more ever will be. */
  get isAtRest(): boolean {
    return this.#health.isFenced() || this.unappliedSlots === 0;
  }

  /** No read waits for it, and it would keep the event loop from everything else: a store beside it only begins its work. */
  get mayBePutOff(): boolean {
    return this.#packed !== undefined && this.#queries.isEmpty;
  }

  /** The journal holds chosen values up to `slot` from before this incarnation. */
  replayUntil(slot: Slot): void {
    this.#source.raise(slot);
    this.pump();
  }

  /** Next chosen values, ascending and dense; `pump` applies them, when what is more urgent is under way. */
  deliver(entries: readonly ChosenEntry[]): void {
    this.#source.deliver(entries, this.#mark.slot);
    this.#tell();
  }

  /** Runs `query` between two batches as soon as its slot is applied; at once when it is. */
  whenApplied(query: WaitingQuery): void {
    if (this.#health.isFenced()) query.refuse(this.#health.current.detail);
    else if (!this.#busy && query.slot <= this.#mark.slot) this.#run([query]);
    else this.#queries.add(query);
  }

  /** Nobody waits for these any more: they are neither run nor refused. */
  forget(queries: ReadonlySet<WaitingQuery>): void {
    this.#queries.forget(queries);
  }

  /** A read found the store older than it was: it is opened again when the reads that are under way are over. */
  rewound(detail: string): void {
    this.#rewound ??= detail;
  }

  /**
   * The store was found older outside of reading and applying: it is opened again, now or after what is under way. A batch
   * that is under way finds out by itself.
   */
  reopen(detail: string): void {
    if (this.#busy) this.rewound(detail);
    else if (!this.#health.isFenced()) this.#reopenLater(detail);
  }

  /** The store was found to contradict the log outside of applying. */
  fence(detail: string): void {
    if (!this.#health.isFenced()) this.#fence(detail, this.#options.handlers);
  }

  /** The node ends: nothing more is asked of the backend or the journal, and what they still answer goes nowhere. */
  stop(): void {
    this.#stopped = true;
    this.#busy = true;
  }

  /** Applies what can be applied now. Catching up yields to the event loop after every page's worth of values. */
  pump(): void {
    let bytes = 0;
    while (!this.#busy && !this.#health.isFenced() && this.#mark.slot < this.#source.target) {
      if (bytes >= this.#options.limits.replayPageBytes) return this.#continueSoon(() => this.pump());
      const next = this.#next();
      if (next === undefined) return;
      bytes += next.value.kind === 'batch' ? next.value.bytes.length : 1;
      this.#apply(next);
    }
  }

  /** Runs `work` after what the event loop has ready; at most one such continuation waits. */
  #continueSoon(work: () => void): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#options.clock.soon(() => {
      this.#scheduled = false;
      if (this.#stopped) return;
      const before = this.#mark.slot;
      work();
      // Nothing came of it (the values are not flushed yet): the turn after the next flush tries again.
      if (this.#mark.slot !== before || this.#busy) this.#options.handlers.onProgress();
    });
  }

  #next(): ChosenEntry | undefined {
    const wanted = this.#mark.slot + 1;
    const next = this.#source.take(wanted);
    if (next === undefined) this.#continueSoon(() => this.#load());
    return next;
  }

  /** From the journal. What is not flushed yet is asked for again after the next flush. */
  #load(): void {
    const { handlers } = this.#options;
    let isThere: boolean;
    try {
      isThere = this.#source.load(asSlot(this.#mark.slot + 1));
    } catch (error) {
      if (isJournalFailure(error)) return handlers.onJournalFailure(error);
      return this.#fence(`the journal cannot be read back: ${messageOf(error)}`, handlers);
    }
    if (isThere) this.pump();
  }

  #apply(entry: ChosenEntry): void {
    const { backend, checksum, handlers } = this.#options;
    const waiters = handlers.waitersOf(entry.slot, entry.value)?.waiters;
    if (this.#packed !== undefined) return this.#applyPacked(this.#packed, entry, waiters);
    let planned: Planned;
    try {
      planned = planSlot(entry, this.#mark, this.#sessions, backend, checksum, waiters);
    } catch (error) {
      return this.#fail(
        waiters,
        `slot ${entry.slot} cannot be read by backend ${backend.name}: ${messageOf(error)}; was it written with another backend, or another version of this one?`,
      );
    }
    this.#attempts.begin(planned);
  }

  /** The store answers at once and is never in trouble: there is nothing to wait for and nothing to try again. */
  #applyPacked(packed: PackedSlots, entry: ChosenEntry, waiters: readonly Waiter[] | undefined): void {
    try {
      this.#mark = packed.execute(entry, this.#mark, this.#sessions, waiters);
    } catch (error) {
      return this.#fail(waiters, `applying slot ${entry.slot} failed: ${messageOf(error)}`);
    }
    if (!this.#isSameHistory()) return;
    this.#health.applied();
    this.#tell();
    this.#runReadyQueries();
  }

  #finish(planned: Planned, results: readonly Result[]): void {
    const { batch } = planned;
    if (this.#health.isFenced()) return tellUnknown(planned.waiters, this.#health.current.detail);
    const fault = faultOfResults(results, batch.commands.length);
    if (fault !== undefined) return this.#onFailure(planned, fault);
    this.#sessions.settle(results);
    this.#mark = batch.next;
    if (!this.#isSameHistory()) return;
    this.#health.applied();
    if (planned.waiters !== undefined) answerWaiters(planned, planned.waiters, results);
    this.#tell();
    this.#runReadyQueries();
  }

  #runReadyQueries(): void {
    const ready = this.#queries.takeReady(this.#mark.slot);
    if (ready.length > 0) this.#run(ready);
  }

  /** Says how far the backend is, never beyond what is known to be chosen and never less than before. */
  #tell(): void {
    const { target } = this.#source;
    const applied = this.#mark.slot < target ? this.#mark.slot : target;
    if (applied <= this.#told) return;
    this.#told = applied;
    this.#options.handlers.onApplied(applied);
  }

  /** A store that came back older and was filled again must hold what it held before, or it is not our history. */
  #isSameHistory(): boolean {
    const { slot, digest } = this.#mark;
    const known = this.#history.contradicts(this.#mark);
    if (known !== undefined) {
      const detail = `the store came back with another history: digest ${digest} at slot ${slot}, it was ${known}`;
      this.#fence(detail, this.#options.handlers);
      return false;
    }
    this.#history.note(this.#mark);
    return true;
  }

  /** Asynchronous queries hold back the next batch, so that each sees the state between two batches. */
  #run(queries: readonly WaitingQuery[]): void {
    const over = runQueries(queries);
    if (over === undefined) return this.#reopenWhenRewound();
    this.#busy = true;
    void over.then(() => {
      if (this.#stopped) return;
      this.#busy = false;
      this.#reopenWhenRewound();
      // Nothing more is asked of a store that is to be opened again, or was fenced meanwhile.
      if (!this.#busy && !this.#health.isFenced()) {
        this.#runReadyQueries();
        this.pump();
      }
      this.#options.handlers.onProgress();
    });
  }

  /** What the reads that are over said of the store. */
  #reopenWhenRewound(): void {
    const detail = this.#rewound;
    this.#rewound = undefined;
    if (detail !== undefined && !this.#health.isFenced()) this.#reopenLater(detail);
  }

  /** The store was away at the start, or came back older than it was: it is opened again, and filled from the log. */
  #reopenLater(detail: string): void {
    this.#busy = true;
    this.#reopener.begin(this.#mark.slot, detail);
  }

  #sessionsOf(slot: Slot, { records, lastResults }: BackendImage): SessionTable {
    const keepsRecords = this.#options.backend.durability === 'durable';
    return SessionTable.restore(slot, records, lastResults, keepsRecords);
  }

  #createAttempts(): StoreAttempts {
    const { backend, clock, logger, handlers } = this.#options;
    const host = {
      backend,
      clock,
      logger,
      isStopped: () => this.#stopped,
      setBusy: (isBusy: boolean) => {
        this.#busy = isBusy;
      },
      onResults: (planned: Planned, results: readonly Result[]) => this.#finish(planned, results),
      onRewound: (detail: string) => this.#reopenLater(detail),
      onFailure: (planned: Planned, detail: string) => this.#onFailure(planned, detail),
      goOn: () => this.pump(),
      onProgress: () => handlers.onProgress(),
    };
    return new StoreAttempts(host, this.#health);
  }

  #createReopener(): StoreReopener {
    const { clock, logger, reopen, handlers } = this.#options;
    const host = {
      clock,
      logger,
      reopen,
      isOver: () => this.#stopped || this.#health.isFenced(),
      adopt: (image: BackendImage) => this.#adopt(image),
      fence: (detail: string) => this.#fence(detail, handlers),
      onProgress: () => handlers.onProgress(),
    };
    return new StoreReopener(host, this.#health);
  }

  /** @throws when the image cannot be one of this node's */
  #adopt(image: BackendImage): void {
    const { clusterId, group } = this.#options;
    const mark = image.mark ?? { clusterId, group, slot: asSlot(0), digest: GENESIS_DIGEST };
    if (mark.clusterId !== clusterId || mark.group !== group)
      throw new Error(`it belongs to cluster ${mark.clusterId}, group ${mark.group}`);
    const isKnown = this.#history.remembers(mark); // Before it is noted as reached itself.
    this.#sessions = this.#sessionsOf(mark.slot, image);
    this.#mark = mark;
    if (!this.#isSameHistory()) return;
    this.#source.dropThrough(mark.slot);
    this.#isOpen = true;
    this.#options.handlers.onReopened(isKnown);
    // It may have contradicted the log, or the journal could not be read and the node ended.
    if (this.#stopped || this.#health.isFenced()) return;
    this.#rewound = undefined;
    this.#busy = false;
    if (mark.slot >= this.#source.target) this.#health.well();
    this.#tell();
    this.#runReadyQueries();
    this.pump();
  }

  #onFailure({ batch, waiters }: Planned, detail: string): void {
    this.#fail(waiters, `applying slot ${batch.slot} failed: ${detail}`);
  }

  /** Who waits for the slot is told that its fate is not known here. */
  #fail(waiters: readonly Waiter[] | undefined, detail: string): void {
    tellUnknown(waiters, detail);
    this.#fence(detail, this.#options.handlers);
  }

  #fence(detail: string, handlers: ApplierHandlers): void {
    this.#health.fence(detail);
    this.#options.logger.error('the backend is fenced: this node votes and serves nothing', {
      slot: this.#mark.slot,
      detail,
    });
    this.#queries.refuseAll(detail);
    handlers.onFenced(detail);
  }
}
