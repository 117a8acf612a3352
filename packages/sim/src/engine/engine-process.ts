/**
 * One node of the engine depth: a machine with a disk, clocks and a backend's store, on which the production engine
 * runs, dies and runs again. All its ports are here; the world decides when what happens.
 */
import { crc32 } from 'node:zlib';
import type {
  Backend,
  BackendImage,
  ClientHandlers,
  Clock,
  Journal,
  OpenedJournal,
  TransportHandlers,
} from '@quorate/core/ports';
import { SILENT_LOGGER } from '@quorate/core/ports';
import { createReplica, type NodeId, type Random, type Replica, streamOf } from '@quorate/core/protocol';
import { Engine } from '@quorate/core/runtime';
import type { QuorateError } from '@quorate/wire';
import { type SimDisk, SimJournal } from '../world/journal.ts';
import type { NodeClock } from '../world/node-clock.ts';
import type { ClientDoor } from './client-links.ts';
import type { EngineWorld } from './engine-world.ts';
import { Lifeline } from './lifeline.ts';
import { observedBackend } from './observed-backend.ts';
import { observedReplica } from './observed-replica.ts';
import { SimTransport } from './sim-transport.ts';

const GROUP = 0;
/** Tickets of one life are below this. */
const TICKETS_PER_LIFE = 1_000_000;
/** A process that cannot open its store is started again after so many election time-outs. */
const RESTART_TIMEOUTS = 0.3;

export class EngineProcess {
  readonly node: NodeId;
  readonly disk: SimDisk;
  readonly clock: NodeClock;
  readonly #world: EngineWorld;
  readonly #random: Random;
  #lives = 0;
  #lifeline: Lifeline | undefined;
  #journal: SimJournal | undefined;
  #engine: Engine | undefined;
  #backend: Backend | undefined;
  #replica: Replica | undefined;
  #transport: TransportHandlers | undefined;
  #clients: ClientHandlers | undefined;
  #connections = 0;
  #isAccepting = true;

  constructor(world: EngineWorld, node: NodeId, disk: SimDisk, clock: NodeClock) {
    this.#world = world;
    this.node = node;
    this.disk = disk;
    this.clock = clock;
    this.#random = streamOf(world.seed, `machine/${node}/engine`);
  }

  get isAlive(): boolean {
    return this.#lifeline !== undefined;
  }

  get isPaused(): boolean {
    return this.#lifeline?.isPaused === true;
  }

  get lifeline(): Lifeline | undefined {
    return this.#lifeline;
  }

  get engine(): Engine | undefined {
    return this.#engine;
  }

  get backend(): Backend | undefined {
    return this.#backend;
  }

  get replica(): Replica | undefined {
    return this.#replica;
  }

  /** What clients can reach; undefined while nobody listens. */
  get door(): ClientDoor | undefined {
    const lifeline = this.#lifeline;
    const handlers = this.#clients;
    if (lifeline === undefined || handlers === undefined || !this.#isAccepting) return undefined;
    return { node: this.node, lifeline, handlers, nextConnection: () => ++this.#connections };
  }

  /** Something comes from the network. */
  hand(what: (handlers: TransportHandlers) => void): void {
    const handlers = this.#transport;
    if (handlers !== undefined) this.#lifeline?.wake('input', () => what(handlers));
  }

  boot(): void {
    if (this.isAlive) return;
    const lifeline: Lifeline = new Lifeline(() => this.#world.crash(this.node, false));
    this.#lifeline = lifeline;
    this.#lives += 1;
    if (this.#lives > 1) this.#world.judge.coverage.hit('restart');
    const life = streamOf(this.#world.seed, `process/${this.node}/${this.#lives}`);
    const journal = new SimJournal(
      this.disk,
      this.#world.scheduler,
      life,
      () => this.#world.diskFaults,
      (callback) => lifeline.wake('input', callback),
    );
    this.#journal = journal;
    const opened = journal.openNow();
    const wake = (run: () => void): void => lifeline.wake('input', run);
    void this.#world.bridge
      .carry(() => this.#openBackend(), this.#world.drawStoreDelayMs(life), wake)
      .then(
        ({ backend, image }) => {
          if (!lifeline.isOver) this.#start({ lifeline, life, journal, opened, backend, image });
        },
        (error: unknown) => {
          if (!lifeline.isOver) this.#world.onStoreClosed(this.node, error, RESTART_TIMEOUTS);
        },
      );
  }

  async #openBackend(): Promise<{ backend: Backend; image: BackendImage }> {
    const { stage } = this.#world;
    const backend = await stage.createBackend(this.node);
    const image = await backend.open({
      clusterId: this.#world.clusterId,
      group: GROUP,
      node: this.node,
      directory: '',
      signal: new AbortController().signal,
      options: stage.options,
    });
    return { backend, image };
  }

  #start(parts: {
    readonly lifeline: Lifeline;
    readonly life: Random;
    readonly journal: SimJournal;
    readonly opened: OpenedJournal;
    readonly backend: Backend;
    readonly image: BackendImage;
  }): void {
    const { lifeline, life, journal, opened, backend, image } = parts;
    const world = this.#world;
    this.#backend = backend;
    if ((image.mark?.slot ?? 0) > opened.image.learnedSlot) world.hit('backend-ahead-of-journal');
    const clock: Clock = this.clock.port(
      (callback) => lifeline.wake('timer', callback),
      () => world.profile.base.turnMs * life.fraction(),
    );
    const engine = new Engine({
      self: this.node,
      group: GROUP,
      clusterId: world.clusterId,
      addrs: world.nodes.map((node) => `10.0.0.${node}:1`),
      backend: observedBackend(backend, {
        node: this.node,
        lifeline,
        bridge: world.bridge,
        witness: world.judge.witness,
        nowMs: () => world.scheduler.nowMs,
        hit: (kind) => world.hit(kind),
        drawTrouble: () => world.drawApplyTrouble(life),
        drawDelayMs: () => world.drawStoreDelayMs(life),
        answersLater: world.profile.store.answersLater,
      }),
      image,
      journal: this.#guarded(journal, lifeline),
      opened,
      transport: new SimTransport(world, this.node, lifeline, clock, (handlers) => {
        this.#transport = handlers;
      }),
      clients: {
        start: (handlers) => {
          this.#clients = handlers;
        },
        stopAccepting: () => {
          this.#isAccepting = false;
        },
        close: () => Promise.resolve(),
      },
      clock,
      logger: SILENT_LOGGER,
      limits: world.profile.runtime,
      seed: life.uint32(),
      checksum: crc32,
      createReplica: observedReplica(
        (boot) => {
          this.#replica = createReplica(boot);
          return this.#replica;
        },
        {
          node: this.node,
          incarnation: opened.incarnation,
          ticketBase: (this.#lives * world.nodes.length + this.node) * TICKETS_PER_LIFE,
          emit: (event) => world.emit(event),
          submit: (value) => world.judge.ledger.submit(value),
        },
      ),
      onFatal: (error) => this.#onFatal(lifeline, error),
    });
    this.#engine = engine;
    engine.start();
    world.links.nodeUp(this.node);
  }

  /** Each append is an effect at which the process may die. */
  #guarded(journal: SimJournal, lifeline: Lifeline): Journal {
    return {
      open: (identity) => journal.open(identity),
      append: (writes, done) => {
        if (!lifeline.mayAct()) return;
        journal.append(writes, (error) => {
          if (lifeline.mayAct()) done(error);
        });
      },
      readEntries: (fromSlot, untilSlot, maxBytes) => journal.readEntries(fromSlot, untilSlot, maxBytes),
      rememberPeer: (record) => journal.rememberPeer(record),
      close: () => journal.close(),
      flushMs: () => journal.flushMs(),
    };
  }

  #onFatal(lifeline: Lifeline, error: QuorateError): void {
    if (!lifeline.isOver) this.#world.onFatal(this.node, error);
  }

  pause(freezesClock: boolean): void {
    this.#lifeline?.pause();
    if (freezesClock) this.clock.freeze();
  }

  resume(): void {
    if (!this.isPaused) return;
    this.clock.thaw();
    this.#lifeline?.resume(this.#random);
  }

  /** A graceful stop; `done` comes when the engine has nothing left to do, or never. */
  stop(done: () => void): void {
    this.#isAccepting = false;
    this.#lifeline?.wake('input', () => this.#engine?.stop(done));
  }

  /** Says goodbye to clients, as the server does at the end of a graceful stop. */
  halt(): void {
    this.#engine?.halt();
  }

  /** Ends this life. Returns how many unflushed writes were lost. */
  end(): number {
    this.#lifeline?.end();
    this.#lifeline = undefined;
    this.clock.thaw();
    const lost = this.#journal?.crash('some') ?? 0;
    const backend = this.#backend;
    if (backend !== undefined) this.#world.abandonStore(this.node, backend);
    this.#journal = undefined;
    this.#engine = undefined;
    this.#backend = undefined;
    this.#replica = undefined;
    this.#transport = undefined;
    this.#clients = undefined;
    this.#isAccepting = true;
    return lost;
  }
}
