/**
 * One node of the engine depth: a machine with a disk, clocks and a backend's store, on which the process runs, dies and
 * runs again. What runs is engine-life.ts; the world decides when what happens.
 */

import type { TransportHandlers } from '@quorate/core/ports';
import { type Backend, type BackendImage, BackendUnavailable } from '@quorate/core/ports';
import { type NodeId, type Random, type Replica, streamOf } from '@quorate/core/protocol';
import type { Engine } from '@quorate/core/runtime';
import { QuorateError } from '@quorate/wire';
import type { NodeClock } from '../world/node-clock.ts';
import type { ClientDoor } from './client-links.ts';
import { EngineLife, GROUP, type OpenStore } from './engine-life.ts';
import type { EngineWorld } from './engine-world.ts';
import { Lifeline } from './lifeline.ts';
import type { NodeJournal, OpenJournal } from './node-journal.ts';

export class EngineProcess {
  readonly node: NodeId;
  readonly clock: NodeClock;
  readonly #world: EngineWorld;
  readonly #journal: NodeJournal;
  readonly #random: Random;
  #lives = 0;
  #lifeline: Lifeline | undefined;
  #backend: Backend | undefined;
  /** Undefined until journal and store are open. */
  #life: EngineLife | undefined;

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
    return this.#life?.engine;
  }

  get backend(): Backend | undefined {
    return this.#backend;
  }

  get replica(): Replica | undefined {
    return this.#life?.replica;
  }

  get door(): ClientDoor | undefined {
    return this.#life?.door;
  }

  /** Something comes from the network. */
  hand(what: (handlers: TransportHandlers) => void): void {
    const handlers = this.#life?.transport;
    if (handlers !== undefined) this.#lifeline?.wake('input', () => what(handlers));
  }

  boot(): void {
    if (this.isAlive) return;
    const world = this.#world;
    const lifeline: Lifeline = new Lifeline(() => world.crash(this.node, false));
    this.#lifeline = lifeline;
    const number = ++this.#lives;
    if (number > 1) world.judge.coverage.hit('restart');
    const random = streamOf(world.seed, `process/${this.node}/${number}`);
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
      return world.onJournalClosed(this.node, error);
    }
    const wake = (run: () => void): void => lifeline.wake('input', run);
    void world.bridge
      .carry(() => this.#openStore(random), world.drawStoreDelayMs(random), wake)
      .then(
        (store) => {
          if (lifeline.isOver) return;
          this.#life = new EngineLife(world, {
            node: this.node,
            number,
            lifeline,
            random,
            clock,
            ...journal,
            ...store,
          });
          this.#life.engine.start();
          if (lifeline.isOver) return; // Its journal could not be read.
          world.links.nodeUp(this.node);
        },
        (error: unknown) => {
          if (!lifeline.isOver) world.onStoreRefused(this.node, error);
        },
      );
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
    this.#life?.stopAccepting();
    this.#lifeline?.wake('input', () => this.#life?.engine.stop(done));
  }

  /** Says goodbye to clients, as the server does at the end of a graceful stop. */
  halt(): void {
    this.#life?.engine.halt();
  }

  /** Ends this life; with `power`, the machine loses what it had not flushed. Returns how many writes were lost. */
  end(power: boolean): number {
    this.#lifeline?.end();
    this.#lifeline = undefined;
    this.#life = undefined;
    this.clock.thaw();
    const backend = this.#backend;
    this.#backend = undefined;
    if (backend !== undefined) this.#world.abandonStore(this.node, backend);
    return this.#journal.crash(power);
  }

  /** As the server does it: a node whose store is away starts all the same. */
  async #openStore(random: Random): Promise<OpenStore> {
    const { stage } = this.#world;
    const backend = await stage.createBackend(this.node);
    this.#backend = backend;
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
}
