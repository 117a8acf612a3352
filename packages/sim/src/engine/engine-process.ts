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
  TransportHandlers,
} from '@quorate/core/ports';
import { BackendUnavailable, SILENT_LOGGER } from '@quorate/core/ports';
import { createReplica, type NodeId, type Random, type Replica, streamOf } from '@quorate/core/protocol';
import { Engine } from '@quorate/core/runtime';
import { QuorateError } from '@quorate/wire';
import type { NodeClock } from '../world/node-clock.ts';
import type { ClientDoor } from './client-links.ts';
import type { EngineCoverageKind } from './coverage.ts';
import type { EngineWorld } from './engine-world.ts';
import { Lifeline } from './lifeline.ts';
import type { NodeJournal, OpenJournal } from './node-journal.ts';
import { observedBackend } from './observed-backend.ts';
import { observedReplica } from './observed-replica.ts';
import { SimTransport } from './sim-transport.ts';

const GROUP = 0;
/** Tickets of one life are below this. */
const TICKETS_PER_LIFE = 1_000_000;

type Store = {
  readonly backend: Backend;
  readonly open: () => Promise<BackendImage>;
  readonly image: BackendImage | undefined;
};
/** What one life of the process is made of. */
type Life = Store &
  OpenJournal & { readonly lifeline: Lifeline; readonly random: Random; readonly clock: Clock };

export class EngineProcess {
  readonly node: NodeId;
  readonly clock: NodeClock;
  readonly #world: EngineWorld;
  readonly #random: Random;
  #lives = 0;
  #lifeline: Lifeline | undefined;
  readonly #journal: NodeJournal;
  #engine: Engine | undefined;
  #backend: Backend | undefined;
  #replica: Replica | undefined;
  #transport: TransportHandlers | undefined;
  #clients: ClientHandlers | undefined;
  #connections = 0;
  #isAccepting = true;

  constructor(world: EngineWorld, node: NodeId, journal: NodeJournal, clock: NodeClock) {
    this.#world = world;
    this.node = node;
    this.#journal = journal;
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
    const world = this.#world;
    const lifeline: Lifeline = new Lifeline(() => world.crash(this.node, false));
    this.#lifeline = lifeline;
    this.#lives += 1;
    if (this.#lives > 1) world.judge.coverage.hit('restart');
    const random = streamOf(world.seed, `process/${this.node}/${this.#lives}`);
    const clock = this.clock.port(
      (callback) => lifeline.wake('timer', callback),
      () => world.profile.base.turnMs * random.fraction(),
    );
    const identity = {
      clusterId: world.clusterId,
      genesisDigest: 'simulated',
      node: this.node,
      group: GROUP,
    };
    let journal: OpenJournal;
    try {
      journal = this.#journal.open(lifeline, clock, identity, random);
    } catch (error) {
      if (!(error instanceof QuorateError)) throw error;
      world.onJournalClosed(this.node, error);
      return;
    }
    const wake = (run: () => void): void => lifeline.wake('input', run);
    void world.bridge
      .carry(() => this.#openStore(random), world.drawStoreDelayMs(random), wake)
      .then(
        (store) => {
          if (!lifeline.isOver) this.#start({ lifeline, random, clock, ...journal, ...store });
        },
        (error: unknown) => {
          if (!lifeline.isOver) world.onStoreRefused(this.node, error);
        },
      );
  }

  /** As the server does it: a node whose store is away starts all the same. */
  async #openStore(random: Random): Promise<Store> {
    const { stage } = this.#world;
    const backend = await stage.createBackend(this.node);
    const open = (): Promise<BackendImage> => {
      if (this.#world.drawIsAway(random)) return Promise.reject(new BackendUnavailable('the store is away'));
      return backend.open({
        clusterId: this.#world.clusterId,
        group: GROUP,
        node: this.node,
        directory: '',
        signal: new AbortController().signal,
        options: stage.options,
      });
    };
    try {
      return { backend, open, image: await open() };
    } catch (error) {
      if (!(error instanceof BackendUnavailable)) throw error;
      return { backend, open, image: undefined };
    }
  }

  #start(life: Life): void {
    const { lifeline, random, clock, journal, opened, backend, image } = life;
    const world = this.#world;
    this.#backend = backend;
    if ((image?.mark?.slot ?? 0) > opened.image.learnedSlot) world.hit('backend-ahead-of-journal');
    if (image === undefined) world.hit('store-away');
    const around = {
      node: this.node,
      lifeline,
      bridge: world.bridge,
      witness: world.judge.witness,
      nowMs: () => world.scheduler.nowMs,
      hit: (kind: EngineCoverageKind) => world.hit(kind),
      drawTrouble: () => world.drawApplyTrouble(random),
      drawDelayMs: () => world.drawStoreDelayMs(random),
      answersLater: world.profile.store.answersLater,
    };
    const engine = new Engine({
      self: this.node,
      group: GROUP,
      clusterId: world.clusterId,
      addrs: world.nodes.map((node) => `10.0.0.${node}:1`),
      backend: observedBackend(backend, around),
      image,
      reopen: () => world.bridge.carry(life.open, around.drawDelayMs(), (run) => lifeline.wake('input', run)),
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
      seed: random.uint32(),
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
  #guarded(journal: Journal, lifeline: Lifeline): Journal {
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

  /** Ends this life; with `power`, the machine loses what it had not flushed. Returns how many unflushed writes were lost. */
  end(power: boolean): number {
    this.#lifeline?.end();
    this.#lifeline = undefined;
    this.clock.thaw();
    const lost = this.#journal.crash(power);
    const backend = this.#backend;
    if (backend !== undefined) this.#world.abandonStore(this.node, backend);
    this.#engine = undefined;
    this.#backend = undefined;
    this.#replica = undefined;
    this.#transport = undefined;
    this.#clients = undefined;
    this.#isAccepting = true;
    return lost;
  }
}
