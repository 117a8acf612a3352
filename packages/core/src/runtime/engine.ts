/**
 * One node at work: feeds the replica one input at a time and carries out what it returns. One turn of the event loop
 * is the unit of work: everything that was ready is taken in, then one turn cuts a batch, sends one frame per peer and
 * lane, kicks one flush, applies, and answers each client once.
 *
 * No timer batches, no promise per command. Time, disk, network and clients come through ports, so the simulator runs
 * this very class. Ends itself (`onFatal`) on a failed journal or a broken invariant, and says nothing afterwards.
 *
 * Joins the parts and keeps the order of a turn; each part has a file: `replica-host` what the replica says to disk and
 * peers, `peer-desk` and `client-desk` who speaks to this node, `command-desk` what they ask for, `proposals` the way into the log, `applier` the way out
 * of it, `read-desk` reads, `leadership-watch` changes of leader, `lifecycle` the end, `node-view` the status.
 */
import type { Timer } from '../ports/clock.ts';
import { streamOf } from '../protocol/random.ts';
import { Applier } from './applier.ts';
import { BackendWatch } from './backend-watch.ts';
import { ClientDesk } from './client-desk.ts';
import type { DeskHost } from './command-desk.ts';
import { cannotReopen, type EngineOptions } from './engine-options.ts';
import { Forwarder } from './forwarder.ts';
import { LeadershipWatch } from './leadership-watch.ts';
import { Lifecycle } from './lifecycle.ts';
import { MarkCheck } from './mark-check.ts';
import { NodeView } from './node-view.ts';
import { PeerDesk } from './peer-desk.ts';
import { Proposals } from './proposals.ts';
import { ReadDesk } from './read-desk.ts';
import { ReplicaHost } from './replica-host.ts';
import { type EngineCounters, type NodeStatus, newCounters, type ReadinessCheck } from './status.ts';

export class Engine {
  readonly #options: EngineOptions;
  readonly #counters: EngineCounters = newCounters();
  readonly #lifecycle: Lifecycle;
  readonly #applier: Applier;
  readonly #replica: ReplicaHost;
  readonly #reads: ReadDesk;
  readonly #proposals: Proposals;
  readonly #forwarder: Forwarder;
  readonly #leadership: LeadershipWatch;
  readonly #watch: BackendWatch;
  readonly #clients: ClientDesk;
  readonly #peers: PeerDesk;
  readonly #view: NodeView;
  readonly #marks: MarkCheck;
  #ticker: Timer | undefined;
  #turnScheduled = false;
  /** Applying waits for a flush. */
  #isPutOff = false;

  constructor(options: EngineOptions) {
    this.#options = options;
    const { backend, clock, limits } = options;
    const counters = this.#counters;
    const wake = (): void => this.#wake();
    const lifecycle = this.#createLifecycle();
    this.#lifecycle = lifecycle;
    const applier = this.#createApplier();
    this.#applier = applier;
    this.#marks = new MarkCheck({
      journal: options.journal,
      clock,
      checksum: options.checksum,
      onContradiction: (detail) => applier.fence(detail),
      guard: (work) => lifecycle.guard(work),
    });
    const replica = new ReplicaHost(options, applier.appliedSlot, {
      guard: (work) => lifecycle.guard(work),
      wake,
      onRoleChange: () => this.#leadership.onRoleChange(),
      onReadAnswer: (answer) => this.#reads.onAnswer(answer, clock.monotonicMs()),
      onChosen: (entries) => applier.deliver(entries),
      onJournalFailure: (error) => lifecycle.die(error),
    });
    this.#replica = replica;
    const reads = new ReadDesk(backend, applier, clock, limits);
    this.#reads = reads;
    const proposals = new Proposals(options, replica, applier, reads, wake);
    this.#proposals = proposals;
    const forwarder = new Forwarder(
      limits.maxForwards,
      streamOf(options.seed, 'forwards').uint32(),
      (to, forward) => replica.sendPayload(to, forward),
    );
    this.#forwarder = forwarder;
    this.#leadership = new LeadershipWatch(options, { replica, proposals, forwarder, counters });
    const watch = new BackendWatch(backend, clock, limits, () =>
      applier.isOpen ? applier.appliedSlot : undefined,
    );
    this.#watch = watch;
    const clients = new ClientDesk(backend, reads, clock, limits, this.#deskHost());
    this.#clients = clients;
    const parts = {
      lifecycle,
      replica,
      applier,
      reads,
      proposals,
      forwarder,
      watch,
      clients,
      counters,
      wake,
    };
    this.#peers = new PeerDesk(options, parts);
    this.#view = new NodeView(options, parts);
  }

  /** Begins to hear peers and clients. */
  start(): void {
    const { transport, clients, opened } = this.#options;
    this.#checkMark();
    this.#applier.replayUntil(opened.image.learnedSlot);
    this.#watch.start();
    transport.start({
      onFrame: (from, lane, frame) => this.#peers.onFrame(from, lane, frame),
      onUp: (peer) => this.#peers.onUp(peer),
      onDown: (peer) => this.#peers.onDown(peer),
    });
    clients.start({
      onOpen: (connection) => this.#clients.onOpen(connection),
      onFrame: (connection, frame) => this.#lifecycle.guard(() => this.#clients.onFrame(connection, frame)),
      onClose: (connection) => this.#clients.onClose(connection),
    });
    this.#tick();
  }

  /**
   * Graceful stop: no new commands, leadership handed over, what is under way finished; then `done`. Bounded by the
   * owner, who calls `halt` in any case.
   */
  stop(done: () => void): void {
    if (this.#lifecycle.stop(done)) this.#replica.feed({ kind: 'resign', at: this.#replica.now() });
  }

  /** Closes clients and says nothing more. */
  halt(): void {
    this.#lifecycle.halt();
  }

  readiness(): readonly ReadinessCheck[] {
    return this.#view.readiness();
  }

  status(): NodeStatus {
    return this.#view.status();
  }

  #wake(): void {
    if (this.#turnScheduled || this.#lifecycle.isOver) return;
    this.#turnScheduled = true;
    this.#options.clock.soon(() => this.#turn());
  }

  #turn(): void {
    this.#turnScheduled = false;
    this.#lifecycle.guard(() => {
      this.#proposals.propose();
      this.#replica.step({ kind: 'turn', at: this.#replica.now() });
      const ticket = this.#reads.takeTicket();
      if (ticket !== undefined) {
        this.#replica.step({ kind: 'read', at: this.#replica.now(), ticket });
        this.#replica.step({ kind: 'turn', at: this.#replica.now() });
      }
      this.#replica.serveCatchUps();
      this.#replica.sendFrames();
      const flushes = this.#replica.kickJournal(); // The disk works while the backend does.
      if (!this.#acknowledgesFirst(flushes)) this.#applier.pump();
      this.#clients.flush();
      this.#replica.sendFrames(); // Answers to clients of other nodes.
      this.#replica.kickJournal();
      if (this.#lifecycle.awaitsIdle && this.#isIdle()) this.#lifecycle.settle();
    });
  }

  /**
   * A follower puts off applying until the flush that has just begun is over, so that its acknowledgement does not wait
   * behind a large batch. Once: the next turn applies, whatever it brings. (docs/adr/0009.)
   */
  #acknowledgesFirst(flushes: boolean): boolean {
    this.#isPutOff =
      flushes && !this.#isPutOff && this.#replica.role !== 'leader' && this.#applier.mayBePutOff;
    return this.#isPutOff;
  }

  #tick(): void {
    const { clock, limits } = this.#options;
    this.#replica.feed({ kind: 'tick', at: this.#replica.now() });
    const nowMs = clock.monotonicMs();
    this.#forwarder.expire(nowMs);
    this.#proposals.expire(nowMs);
    this.#reads.expire(nowMs);
    this.#leadership.handOverWhenUnwell(Math.max(this.#applier.unwellMs, this.#proposals.unwellMs));
    if (this.#lifecycle.isOver) return;
    this.#ticker = clock.after(limits.protocol.heartbeatMs / 2, () => this.#tick());
  }

  /** Nothing is under way that a graceful stop waits for; a lone node has nobody to hand over to. */
  #isIdle(): boolean {
    const leads = this.#replica.role === 'leader' && this.#options.addrs.length > 1;
    const isAnswered = this.#proposals.isPrepared && this.#forwarder.count === 0 && this.#reads.isIdle;
    return !leads && isAnswered && this.#replica.isFlushed && this.#applier.isAtRest;
  }

  /** Before anything is applied to a store that was opened, unless its mark is known from this life. */
  #checkMark(): void {
    if (this.#applier.isOpen)
      this.#marks.begin({ slot: this.#applier.appliedSlot, digest: this.#applier.digest });
  }

  #createLifecycle(): Lifecycle {
    return new Lifecycle({
      logger: this.#options.logger,
      view: () => this.#replica.view(),
      quiesce: () => {
        this.#ticker?.cancel();
        this.#watch.stop();
        this.#marks.stop();
        this.#applier.stop();
      },
      closeClients: () => this.#clients.closeAll(),
      onFatal: (error) => this.#options.onFatal(error),
    });
  }

  #createApplier(): Applier {
    const { backend, image, reopen, clusterId, group, journal, clock, logger, limits, checksum } =
      this.#options;
    return new Applier({
      backend,
      image,
      reopen: reopen ?? cannotReopen,
      clusterId,
      group,
      journal,
      clock,
      logger,
      limits,
      checksum,
      handlers: {
        onApplied: (slot) => this.#replica.feed({ kind: 'applied', at: this.#replica.now(), through: slot }),
        waitersOf: (slot, value) => this.#proposals.waitersOf(slot, value),
        onProgress: () => this.#wake(),
        onReopened: (isKnown) => {
          this.#watch.forget();
          if (!isKnown) this.#checkMark();
        },
        onFenced: () => {
          this.#proposals.abandonInFlight();
          this.#replica.feed({ kind: 'resign', at: this.#replica.now() }); // A lone node has nobody to hand over to.
        },
        onJournalFailure: (error) => this.#lifecycle.die(error),
      },
    });
  }

  #deskHost(): DeskHost {
    const { self, clusterId, addrs, limits, clock } = this.#options;
    return {
      self,
      clusterId,
      addrs,
      leader: () => this.#replica.leader,
      leads: () => this.#replica.role === 'leader',
      hasRoom: (bytes) =>
        this.#proposals.hasRoom(bytes) && this.#applier.unappliedSlots <= limits.maxUnappliedSlots,
      isStopping: () => !this.#lifecycle.isRunning,
      isBackendOpen: () => this.#applier.isOpen,
      propose: (group, waiter, deadlineMs) => this.#proposals.admit(group, waiter, deadlineMs),
      forward: (leader, connection, responder, sequences, timeoutMs, group) => {
        const deadlineMs = clock.monotonicMs() + timeoutMs;
        this.#forwarder.forward({ leader, connection, responder, sequences, timeoutMs, deadlineMs }, group);
      },
      forgetConnection: (connection) => this.#forwarder.forget(connection),
      wake: () => this.#wake(),
      count: (counter) => {
        this.#counters[counter] += 1;
      },
    };
  }
}
