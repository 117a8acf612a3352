/**
 * One node at work: feeds the replica one input at a time and carries out what it returns. One turn of the event loop
 * is the unit of work: everything that was ready is taken in, then one turn cuts a batch, sends one frame per peer and
 * lane, kicks one flush, applies, and answers each client once.
 *
 * No timer batches, no promise per command. Time, disk, network and clients come through ports, so the simulator runs
 * this very class. Ends itself (`onFatal`) on a failed journal or a broken invariant, and says nothing afterwards.
 */
import { QuorateError } from '@quorate/wire';
import type { Backend, BackendImage } from '../ports/backend.ts';
import type { ClientConnection, ClientListener } from '../ports/client-listener.ts';
import type { Clock, Timer } from '../ports/clock.ts';
import type { Journal, OpenedJournal } from '../ports/journal.ts';
import type { Logger } from '../ports/logger.ts';
import type { Transport } from '../ports/transport.ts';
import { InvariantError } from '../protocol/invariant.ts';
import type { Lane, Message } from '../protocol/message.ts';
import { type Random, streamOf } from '../protocol/random.ts';
import { createReplica } from '../protocol/replica.ts';
import type { CatchUpService, Input, Output, Replica } from '../protocol/replica-types.ts';
import { asMonotonicMs, type NodeId, type Slot, type Value } from '../protocol/types.ts';
import {
  type Checksum,
  decodePeerFrame,
  type Forward,
  type ForwardReply,
  type PeerPayload,
} from '../wire/frame.ts';
import { Applier } from './applier.ts';
import { BackendWatch } from './backend-watch.ts';
import { type Batch, Batcher, type Waiter } from './batcher.ts';
import { BACKEND_NOT_OPEN, ClientDesk } from './client-desk.ts';
import type { Checksum as ChainChecksum } from './digest-chain.ts';
import { responsesOf, sequencesOf } from './forwarded-bytes.ts';
import { Forwarder } from './forwarder.ts';
import { isJournalFailure } from './journal-failure.ts';
import type { RuntimeLimits } from './limits.ts';
import { Outbox } from './outbox.ts';
import { ownBytes } from './own-bytes.ts';
import { Persister } from './persister.ts';
import { Preparer, preparesCommands } from './preparer.ts';
import { ReadDesk } from './read-desk.ts';
import { expireWaiter, fenceWaiter, loseWaiter, refuseForward, refuseWaiter } from './refusals.ts';
import { errorAnswer } from './responder.ts';
import { type EngineCounters, type NodeStatus, newCounters, type ReadinessCheck } from './status.ts';

/** Distributes the parameter over the union, so that each input keeps its own fields. */
type Unstamped<T> = T extends unknown ? Omit<T, 'at'> : never;

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

export class Engine {
  readonly #options: EngineOptions;
  readonly #replica: Replica;
  readonly #persister: Persister;
  readonly #outbox: Outbox;
  readonly #batcher: Batcher;
  readonly #applier: Applier;
  readonly #reads: ReadDesk;
  readonly #forwarder: Forwarder;
  /** Only for a backend that prepares commands. */
  readonly #preparer: Preparer | undefined;
  readonly #watch: BackendWatch;
  readonly #desk: ClientDesk;
  readonly #counters: EngineCounters = newCounters();
  readonly #startedAtMs: number;
  #catchUps: CatchUpService[] = [];
  #ticker: Timer | undefined;
  #turnScheduled = false;
  #nextTicket = 1;
  #lastLeader: NodeId | undefined;
  #wasLeader = false;
  #ledSinceMs = 0;
  #state: 'running' | 'stopping' | 'stopped' | 'dead' = 'running';
  #whenIdle: (() => void) | undefined;

  constructor(options: EngineOptions) {
    this.#options = options;
    const {
      self,
      addrs,
      backend,
      image,
      journal,
      opened,
      transport,
      clock,
      limits,
      logger,
      clusterId,
      group,
    } = options;
    this.#startedAtMs = clock.monotonicMs();
    this.#applier = new Applier({
      backend,
      image,
      reopen: options.reopen ?? cannotReopen,
      clusterId,
      group,
      journal,
      clock,
      logger,
      limits,
      checksum: options.checksum,
      handlers: {
        onApplied: (slot) => this.#feed({ kind: 'applied', through: slot }),
        waitersOf: (slot, value) => this.#waitersOf(slot, value),
        onProgress: () => this.#wake(),
        onReopened: () => this.#watch.forget(),
        onFenced: () => this.#onFenced(),
        onJournalFailure: (error) => this.#die(error),
      },
    });
    this.#replica = (options.createReplica ?? createReplica)({
      self,
      membership: { voters: addrs.map((_, index) => (index + 1) as NodeId) },
      limits: limits.protocol,
      seed: options.seed,
      recovered: opened.image,
      appliedSlot: this.#applier.appliedSlot,
      at: asMonotonicMs(clock.monotonicMs()),
    });
    this.#persister = new Persister(journal, {
      onDurable: (through) => {
        this.#feed({ kind: 'persisted', through });
        this.#guard(() => this.#outbox.release(through));
        this.#wake();
      },
      onFailure: (error) => this.#die(error),
    });
    this.#outbox = new Outbox(transport, options.checksum, limits.targetFrameBytes, group);
    this.#batcher = new Batcher(limits);
    this.#reads = new ReadDesk(backend, this.#applier, clock, limits);
    this.#forwarder = new Forwarder(
      limits.maxForwards,
      streamOf(options.seed, 'forwards').uint32(),
      (to, forward) => this.#outbox.addPayload(to, forward),
    );
    this.#preparer = this.#createPreparer();
    this.#watch = new BackendWatch(backend, clock, limits, () =>
      this.#applier.isOpen ? this.#applier.appliedSlot : undefined,
    );
    this.#desk = new ClientDesk(backend, this.#reads, clock, limits, this.#deskHost());
  }

  /** Begins to hear peers and clients. */
  start(): void {
    const { transport, clients, opened } = this.#options;
    this.#applier.replayUntil(opened.image.learnedSlot);
    this.#watch.start();
    transport.start({
      onFrame: (from, lane, frame) => this.#onPeerFrame(from, lane, frame),
      onUp: (peer) => this.#feed({ kind: 'peer-up', peer }),
      onDown: (peer) => this.#onPeerDown(peer),
    });
    clients.start({
      onOpen: (connection) => this.#desk.onOpen(connection),
      onFrame: (connection: ClientConnection, frame) =>
        this.#guard(() => this.#desk.onFrame(connection, frame)),
      onClose: (connection) => this.#desk.onClose(connection),
    });
    this.#tick();
  }

  /**
   * Graceful stop: no new commands, leadership handed over, what is under way finished; then `done`. Bounded by the
   * owner, who calls `halt` in any case.
   */
  stop(done: () => void): void {
    if (this.#state !== 'running') return;
    this.#state = 'stopping';
    this.#whenIdle = done;
    this.#feed({ kind: 'resign' });
  }

  /** Closes clients and says nothing more. */
  halt(): void {
    if (this.#state === 'stopped' || this.#state === 'dead') return;
    this.#ticker?.cancel();
    this.#watch.stop();
    this.#applier.stop();
    this.#desk.closeAll();
    this.#state = 'stopped';
  }

  /** Ready: a leader is known, the backend is well, and nearly all that is known to be chosen is applied. */
  readiness(): readonly ReadinessCheck[] {
    const { leader } = this.#replica;
    const { state, detail } = this.#applier.health;
    const { health } = this.#watch;
    const unread = this.#reads.trouble;
    const trouble = [detail, health.detail, unread].find((text) => text !== '') ?? '';
    const behind = this.#applier.unappliedSlots;
    return [
      { name: 'running', ok: this.#state === 'running', detail: this.#state },
      {
        name: 'leader',
        ok: leader !== undefined,
        detail: leader === undefined ? 'no leader is known' : `node ${leader} leads`,
      },
      {
        name: 'backend',
        ok: state === 'ok' && health.ok && unread === '',
        detail: trouble === '' ? state : `${state}: ${trouble}`,
      },
      {
        name: 'applied',
        ok: behind <= this.#options.limits.maxUnappliedSlots,
        detail: `${behind} chosen slots wait to be applied`,
      },
    ];
  }

  status(): NodeStatus {
    const view = this.#replica.view();
    const { self, addrs, clusterId, backend, opened, journal, clock } = this.#options;
    const health = this.#applier.health;
    return {
      node: self,
      addr: addrs[self - 1] ?? '',
      clusterId,
      role: view.role,
      ballot: { round: view.ballot.round, node: view.ballot.node },
      leader: view.leader ?? 0,
      quorumConnected: view.quorumConnected,
      learnedSlot: view.learnedSlot,
      appliedSlot: this.#applier.appliedSlot,
      digest: this.#applier.digest,
      incarnation: opened.incarnation,
      uptimeMs: Math.round(clock.monotonicMs() - this.#startedAtMs),
      durableSlot: this.#watch.durableSlot,
      backend: {
        name: backend.name,
        state: health.state,
        detail: health.detail === '' ? this.#reads.trouble : health.detail,
        health: this.#watch.health,
        compatibility: backend.compatibility?.() ?? {},
      },
      journalFlushMs: journal.flushMs(),
      sessions: this.#applier.sessionCount,
      connections: this.#desk.connectionCount,
      queuedBytes: this.#batcher.queuedBytes + (this.#preparer?.queuedBytes ?? 0),
      preparing: this.#preparer?.underWay ?? 0,
      inFlightSlots: this.#batcher.inFlightSlots,
      forwards: this.#forwarder.count,
      counters: { ...this.#counters },
    };
  }

  #deskHost(): ConstructorParameters<typeof ClientDesk>[4] {
    const { self, clusterId, addrs } = this.#options;
    return {
      self,
      clusterId,
      addrs,
      leader: () => this.#replica.leader,
      leads: () => this.#replica.role === 'leader',
      hasRoom: (bytes) =>
        this.#hasRoom(bytes) && this.#applier.unappliedSlots <= this.#options.limits.maxUnappliedSlots,
      isStopping: () => this.#state !== 'running',
      isBackendOpen: () => this.#applier.isOpen,
      propose: (group, responder, sequences, deadlineMs) =>
        this.#admit(group, { responder, sequences }, deadlineMs),
      forward: (leader, connection, responder, sequences, timeoutMs, group) => {
        const deadlineMs = this.#now() + timeoutMs;
        this.#forwarder.forward({ leader, connection, responder, sequences, timeoutMs, deadlineMs }, group);
      },
      forgetConnection: (connection) => this.#forwarder.forget(connection),
      wake: () => this.#wake(),
      count: (counter) => {
        this.#counters[counter] += 1;
      },
    };
  }

  /** Commands that a backend prepares wait there first, and are then in the batcher. */
  #hasRoom(bytes: number): boolean {
    return this.#batcher.hasRoom(bytes + (this.#preparer?.queuedBytes ?? 0));
  }

  /** One group of commands on its way into the log. */
  #admit(group: Uint8Array, waiter: Waiter, deadlineMs: number): void {
    if (this.#preparer !== undefined) this.#preparer.add(group, waiter, deadlineMs);
    else this.#batcher.add(waiter, deadlineMs, (out) => out.raw(group));
  }

  #createPreparer(): Preparer | undefined {
    const { backend, clock, limits, seed } = this.#options;
    if (!preparesCommands(backend)) return undefined;
    const random = this.#options.randomBytes ?? bytesOf(streamOf(seed, 'prepare'));
    return new Preparer(backend, {
      limits,
      now: () => this.#now(),
      context: () => ({
        nowMs: Math.max(Math.floor(clock.wallMs()), this.#applier.logTimeMs),
        random,
      }),
      firstAnswer: (session, sequence) => this.#applier.firstAnswer(session, sequence),
      propose: (group, waiter, deadlineMs) => this.#batcher.add(waiter, deadlineMs, (out) => out.raw(group)),
      afterBarrier: (responder, sequence, deadlineMs, instead) =>
        this.#reads.add({ responder, sequence, command: undefined, deadlineMs, instead }),
      onDiverged: (detail) => this.#applier.fence(detail),
      wake: () => this.#wake(),
    });
  }

  #now(): number {
    return this.#options.clock.monotonicMs();
  }

  /** One input into the replica, and its outputs to their places. */
  #feed(input: Unstamped<Input>): void {
    this.#guard(() => {
      const output = this.#replica.step({ ...input, at: asMonotonicMs(this.#now()) } as Input);
      this.#take(output);
    });
    this.#wake();
  }

  #take(output: Output): void {
    if (output.persist.length > 0) this.#persister.add(output.persist);
    if (output.send.length > 0) this.#outbox.add(output.send, this.#persister.durable);
    if (output.roleChanged) this.#onRoleChange();
    for (const answer of output.reads) this.#reads.onAnswer(answer, this.#now());
    for (const service of output.catchUp) this.#catchUps.push(service);
    if (output.deliver.length > 0) this.#applier.deliver(output.deliver);
  }

  /** A journal that fails ends the node, and so does a broken invariant; anything else thrown here is our bug as well. */
  #guard(work: () => void): void {
    if (this.#state === 'dead' || this.#state === 'stopped') return;
    try {
      work();
    } catch (error) {
      if (isJournalFailure(error)) return this.#die(error);
      const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
      const name = error instanceof InvariantError ? error.invariant : 'unexpected';
      const view = JSON.stringify(this.#replica.view(), (_, value: unknown) =>
        value instanceof Uint8Array ? `<${value.length} bytes>` : value,
      );
      this.#options.logger.error('a broken invariant stops this node', {
        invariant: name,
        detail,
        view: view.slice(0, 4000),
      });
      this.#die(
        new QuorateError('INVARIANT', error instanceof Error ? error.message : String(error), {
          cause: error,
          details: { name },
        }),
      );
    }
  }

  #die(error: QuorateError): void {
    if (this.#state === 'dead' || this.#state === 'stopped') return;
    this.#state = 'dead';
    this.#ticker?.cancel();
    this.#watch.stop();
    this.#applier.stop();
    this.#options.onFatal(error);
  }

  #wake(): void {
    if (this.#turnScheduled || this.#state === 'dead' || this.#state === 'stopped') return;
    this.#turnScheduled = true;
    this.#options.clock.soon(() => this.#turn());
  }

  #turn(): void {
    this.#turnScheduled = false;
    this.#guard(() => {
      this.#proposeBatches();
      this.#stepNow({ kind: 'turn' });
      const ticket = this.#reads.takeTicket();
      if (ticket !== undefined) {
        this.#stepNow({ kind: 'read', ticket });
        this.#stepNow({ kind: 'turn' });
      }
      this.#serveCatchUps();
      this.#outbox.flush();
      this.#persister.kick(); // The disk works while the backend does.
      this.#applier.pump();
      this.#desk.flush();
      this.#outbox.flush(); // Answers to clients of other nodes.
      this.#persister.kick();
      this.#settleStop();
    });
  }

  #stepNow(input: Unstamped<Input>): Output {
    const output = this.#replica.step({ ...input, at: asMonotonicMs(this.#now()) } as Input);
    this.#take(output);
    return output;
  }

  /** Cuts batches while the window has room; few in flight, so that load makes batches larger and not more. */
  #proposeBatches(): void {
    const { limits, clock } = this.#options;
    // Nobody here would ever answer: whoever waits is told that it was not executed.
    if (this.#applier.health.state === 'fenced') return;
    while (
      !this.#batcher.isEmpty &&
      this.#replica.canPropose &&
      !this.#isDiskBehind() &&
      this.#batcher.inFlightSlots < limits.pipelineSlots
    ) {
      const batch = this.#batcher.cut(this.#now(), expireWaiter);
      if (batch === undefined) return;
      const value: Value = {
        kind: 'batch',
        stampMs: Math.max(0, Math.floor(clock.wallMs())),
        bytes: batch.bytes,
      };
      const { settle } = this.#stepNow({ kind: 'propose', ticket: this.#nextTicket++, value });
      const settled = settle[0];
      if (settled?.kind === 'proposed') this.#batcher.proposed(settled.slot, batch);
      else batch.waiters.forEach(refuseWaiter);
    }
  }

  /** Who waits for `slot`, provided that what was chosen is what was proposed here. */
  #waitersOf(slot: Slot, value: Value): Batch | undefined {
    const batch = this.#batcher.chosen(slot);
    if (batch === undefined) return undefined;
    if (value.kind === 'batch' && value.bytes === batch.bytes) return batch;
    batch.waiters.forEach(loseWaiter);
    return undefined;
  }

  /** What was proposed here is answered by nobody here any more; a lone node has nobody to hand over to. */
  #onFenced(): void {
    this.#batcher.abandonInFlight().forEach(fenceWaiter);
    this.#feed({ kind: 'resign' });
  }

  #onRoleChange(): void {
    const leads = this.#replica.role === 'leader';
    const leader = this.#replica.leader;
    if (this.#wasLeader && !leads) {
      const { queued, inFlight } = this.#batcher.abandon();
      queued.forEach(refuseWaiter);
      this.#preparer?.abandon().forEach(refuseWaiter);
      inFlight.forEach(loseWaiter);
    }
    if (!this.#wasLeader && leads) {
      this.#counters.elections += 1;
      this.#ledSinceMs = this.#now();
    }
    this.#wasLeader = leads;
    if (leader === this.#lastLeader) return;
    if (this.#lastLeader !== undefined) this.#forwarder.abandon(this.#lastLeader);
    this.#lastLeader = leader;
    this.#options.logger.info(leader === undefined ? 'no leader' : 'leader', {
      leader: leader ?? 0,
      role: this.#replica.role,
    });
  }

  #onPeerFrame(from: NodeId, lane: Lane, frame: Uint8Array): void {
    const { checksum, limits, group, transport } = this.#options;
    let payloads: PeerPayload[];
    try {
      payloads = decodePeerFrame(frame, checksum, { maxFrameBytes: limits.maxPeerFrameBytes, group });
    } catch (error) {
      this.#counters.peerFramesRefused += 1;
      const known = error instanceof QuorateError ? error : new QuorateError('WIRE_MALFORMED', String(error));
      transport.reject(from, known.code, `${lane} lane: ${known.message}`);
      return;
    }
    for (const payload of payloads) {
      if (payload.kind === 'protocol') this.#onMessage(from, payload.message);
      else if (payload.kind === 'forward') this.#guard(() => this.#onForward(from, payload));
      else this.#guard(() => this.#onForwardReply(payload));
    }
  }

  /** What brings values is lost, as on a bad link, while the disk is too far behind: the sender repeats it. */
  #onMessage(from: NodeId, message: Message): void {
    const bringsValues = message.kind === 'accept' || message.kind === 'catch-up-reply';
    if (bringsValues && this.#isDiskBehind()) this.#counters.valuesDropped += 1;
    else this.#feed({ kind: 'receive', from, message: ownBytes(message) });
  }

  #isDiskBehind(): boolean {
    return this.#persister.waitingBytes >= this.#options.limits.maxUnflushedBytes;
  }

  #onPeerDown(peer: NodeId): void {
    this.#forwarder.abandon(peer);
    this.#feed({ kind: 'peer-down', peer });
  }

  /** A follower passes a client's commands on. */
  #onForward(from: NodeId, forward: Forward): void {
    const { connection, requestId } = forward;
    const responder = this.#desk.responder({
      send: (answers) =>
        this.#outbox.addPayload(from, { kind: 'forward-reply', connection, requestId, answers }),
      queuedBytes: () => this.#options.transport.queuedBytes(from),
    });
    const isOpen = this.#applier.isOpen;
    const sequences = sequencesOf(forward.group, isOpen ? this.#options.backend : undefined);
    const host = this.#replica.role === 'leader' && this.#state === 'running';
    if (sequences === undefined) {
      this.#counters.peerFramesRefused += 1;
    } else if (!host) {
      refuseForward(responder, sequences);
    } else if (!isOpen) {
      for (const sequence of sequences)
        responder.add(errorAnswer(sequence, 'BACKEND_UNAVAILABLE', BACKEND_NOT_OPEN));
    } else if (!this.#hasRoom(forward.group.length)) {
      for (const sequence of sequences)
        responder.add(errorAnswer(sequence, 'OVERLOADED', 'too many commands wait at the leader'));
    } else {
      const deadlineMs = this.#now() + forward.timeoutMs;
      this.#admit(forward.group, { responder, sequences }, deadlineMs);
    }
    this.#wake();
  }

  #onForwardReply(reply: ForwardReply): void {
    const frame = responsesOf(reply.answers);
    const answered =
      frame === undefined ? undefined : this.#forwarder.onReply(reply.requestId, frame.answers);
    if (frame === undefined || answered === undefined) return;
    const { responder, sequences } = answered;
    for (const answer of frame.answers) {
      // Opening and closing a session carry no sequence in the log; it is known here only.
      const sequence = answer.sequence === 0 ? (sequences[0] ?? 0) : answer.sequence;
      if (answer.kind === 'result') responder.addResult(sequence, answer.slot, answer.result);
      else responder.add({ ...answer, sequence });
    }
    this.#wake();
  }

  /** Pages of chosen values for peers that missed them, from the journal. */
  #serveCatchUps(): void {
    if (this.#catchUps.length === 0) return;
    const services = this.#catchUps;
    this.#catchUps = [];
    const { journal, limits } = this.#options;
    for (const { to, fromSlot, untilSlot } of services) {
      const entries = journal.readEntries(fromSlot, untilSlot, limits.protocol.pageBytes);
      const { learnedSlot } = this.#replica;
      this.#outbox.add(
        [
          {
            to,
            lane: 'bulk',
            after: 0 as never,
            message: { kind: 'catch-up-reply', fromSlot, entries, learnedSlot },
          },
        ],
        this.#persister.durable,
      );
    }
  }

  #tick(): void {
    this.#feed({ kind: 'tick' });
    this.#forwarder.expire(this.#now());
    this.#preparer?.expire(this.#now());
    this.#batcher.expire(this.#now(), expireWaiter);
    this.#reads.expire(this.#now());
    this.#handOverWhenUnwell();
    if (this.#state === 'dead' || this.#state === 'stopped') return;
    this.#ticker = this.#options.clock.after(this.#options.limits.protocol.heartbeatMs / 2, () =>
      this.#tick(),
    );
  }

  /**
   * A leader whose backend cannot store answers no write: somebody else should lead. Not at once, and not sooner than a
   * few election timeouts after it was elected, so that backends that are all away do not chase leadership around.
   */
  #handOverWhenUnwell(): void {
    const { electionTimeoutMs } = this.#options.limits.protocol;
    const unwellMs = Math.max(this.#applier.unwellMs, this.#preparer?.unwellMs ?? 0);
    if (this.#replica.role !== 'leader' || unwellMs < electionTimeoutMs) return;
    if (this.#now() - this.#ledSinceMs >= electionTimeoutMs * 3) this.#feed({ kind: 'resign' });
  }

  #settleStop(): void {
    const done = this.#whenIdle;
    if (done === undefined || this.#state !== 'stopping') return;
    const busy = this.#replica.role === 'leader' && this.#options.addrs.length > 1;
    if (
      busy ||
      this.#preparer?.isEmpty === false ||
      !this.#persister.idle ||
      this.#applier.unappliedSlots > 0
    )
      return;
    this.#whenIdle = undefined;
    done();
  }
}

function cannotReopen(): Promise<BackendImage> {
  return Promise.reject(new Error('this node has no way to open it again'));
}

function bytesOf(random: Random): (count: number) => Uint8Array {
  return (count) => Uint8Array.from({ length: count }, () => random.below(256));
}
