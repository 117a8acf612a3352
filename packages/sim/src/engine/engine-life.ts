/**
 * One life of a node's process: a production engine with all its ports, from the moment its journal and its store are
 * open. Ends with its lifeline.
 */
import { crc32 } from 'node:zlib';
import {
  type Backend,
  type BackendImage,
  type ClientHandlers,
  type Clock,
  type Journal,
  SILENT_LOGGER,
  type TransportHandlers,
} from '@quorate/core/ports';
import { createReplica, type NodeId, type Random, type Replica } from '@quorate/core/protocol';
import { Engine, type EngineOptions } from '@quorate/core/runtime';
import type { ClientDoor } from './client-links.ts';
import type { EngineWorld } from './engine-world.ts';
import type { Lifeline } from './lifeline.ts';
import type { OpenJournal } from './node-journal.ts';
import { observedBackend } from './observed-backend.ts';
import { observedReplica } from './observed-replica.ts';
import type { EngineProfile } from './profile.ts';
import { SimTransport } from './sim-transport.ts';

export const GROUP = 0;
/** Tickets of one life are below this. */
const TICKETS_PER_LIFE = 1_000_000;

export type OpenStore = {
  readonly backend: Backend;
  /** Again, when it was away or came back older. */
  readonly open: () => Promise<BackendImage>;
  /** Undefined: it was away. */
  readonly image: BackendImage | undefined;
};

export type LifeParts = OpenStore &
  OpenJournal & {
    readonly node: NodeId;
    /** Which life of the node it is, from 1. */
    readonly number: number;
    readonly lifeline: Lifeline;
    readonly random: Random;
    readonly clock: Clock;
  };

export class EngineLife {
  readonly engine: Engine;
  readonly #parts: LifeParts;
  #replica: Replica | undefined;
  #transport: TransportHandlers | undefined;
  #clients: ClientHandlers | undefined;
  #connections = 0;
  #isAccepting = true;

  constructor(world: EngineWorld, parts: LifeParts) {
    this.#parts = parts;
    const { image, opened } = parts;
    if ((image?.mark?.slot ?? 0) > opened.image.learnedSlot) world.hit('backend-ahead-of-journal');
    if (image === undefined) world.hit('store-away');
    this.engine = new Engine(this.#options(world));
  }

  get replica(): Replica | undefined {
    return this.#replica;
  }

  /** Who hears what peers send. */
  get transport(): TransportHandlers | undefined {
    return this.#transport;
  }

  /** What clients can reach; undefined while nobody listens. */
  get door(): ClientDoor | undefined {
    const { node, lifeline } = this.#parts;
    const handlers = this.#clients;
    if (handlers === undefined || !this.#isAccepting) return undefined;
    return { node, lifeline, handlers, nextConnection: () => ++this.#connections };
  }

  stopAccepting(): void {
    this.#isAccepting = false;
  }

  #options(world: EngineWorld): EngineOptions {
    const { node, lifeline, random, clock, backend, image, open, opened } = this.#parts;
    const drawDelayMs = (): number => world.drawStoreDelayMs(random);
    return {
      self: node,
      group: GROUP,
      clusterId: world.clusterId,
      addrs: world.nodes.map((each) => `10.0.0.${each}:1`),
      backend: observedBackend(backend, {
        node,
        lifeline,
        bridge: world.bridge,
        witness: world.judge.witness,
        nowMs: () => world.scheduler.nowMs,
        hit: (kind) => world.hit(kind),
        drawTrouble: () => world.drawApplyTrouble(random),
        drawDelayMs,
        answersLater: world.profile.store.answersLater,
        mayPack: isNeverInTrouble(world.profile.store),
      }),
      image,
      reopen: () => world.bridge.carry(open, drawDelayMs(), (run) => lifeline.wake('input', run)),
      journal: this.#mortalJournal(),
      opened,
      transport: new SimTransport(world, node, lifeline, clock, (handlers) => {
        this.#transport = handlers;
      }),
      clients: {
        start: (handlers) => {
          this.#clients = handlers;
        },
        stopAccepting: () => this.stopAccepting(),
        close: () => Promise.resolve(),
      },
      clock,
      logger: SILENT_LOGGER,
      limits: world.profile.runtime,
      seed: random.uint32(),
      checksum: crc32,
      createReplica: this.#createReplica(world),
      onFatal: (error) => {
        if (!lifeline.isOver) world.onFatal(node, error);
      },
    };
  }

  #createReplica(world: EngineWorld): typeof createReplica {
    const { node, number, opened } = this.#parts;
    const create: typeof createReplica = (boot) => {
      this.#replica = createReplica(boot);
      return this.#replica;
    };
    return observedReplica(create, {
      node,
      incarnation: opened.incarnation,
      ticketBase: (number * world.nodes.length + node) * TICKETS_PER_LIFE,
      emit: (event) => world.emit(event),
      submit: (value) => world.judge.ledger.submit(value),
    });
  }

  /** Each append, and each end of one, is an effect at which the process may die. */
  #mortalJournal(): Journal {
    const { journal, lifeline } = this.#parts;
    return {
      open: (identity) => journal.open(identity),
      append: (writes, done) => {
        if (!lifeline.mayAct()) return;
        journal.append(writes, (error) => {
          if (lifeline.mayAct()) done(error);
        });
      },
      readEntries: (fromSlot, untilSlot, maxBytes) => journal.readEntries(fromSlot, untilSlot, maxBytes),
      onFailure: (hear) =>
        journal.onFailure((error) => {
          if (lifeline.mayAct()) hear(error);
        }),
      rememberPeer: (record) => journal.rememberPeer(record),
      close: () => journal.close(),
      flushMs: () => journal.flushMs(),
    };
  }
}

function isNeverInTrouble({
  answersLater,
  refusedChance,
  answerLostChance,
}: EngineProfile['store']): boolean {
  return !answersLater && refusedChance === 0 && answerLostChance === 0;
}
