/**
 * Connections between clients and nodes: whole frames in order, latency, resets that lose what was under way, walls
 * that nothing passes. The node's side is the product's port; the memory of a frame is spoilt after it was handed over.
 */
import type { ClientConnection, ClientHandlers } from '@quorate/core/ports';
import type { NodeId, Random } from '@quorate/core/protocol';
import type { Scheduler } from '../world/scheduler.ts';
import type { Lifeline } from './lifeline.ts';

export type ClientEnd = {
  onOpen(): void;
  onFrame(frame: Uint8Array): void;
  onClose(): void;
};

/** The door of one life of a node. */
export type ClientDoor = {
  readonly node: NodeId;
  readonly lifeline: Lifeline;
  readonly handlers: ClientHandlers;
  nextConnection(): number;
};

export type ClientNetwork = {
  readonly scheduler: Scheduler;
  readonly random: Random;
  /** Latency drawn for each frame. */
  latencyMs(): number;
  /** Chance that a frame meets its connection's end instead of its receiver. */
  resetChance(): number;
  doorOf(node: NodeId): ClientDoor | undefined;
  isWalledOff(client: number, node: NodeId): boolean;
  onReset(): void;
};

/** Two frames of a direction never arrive at the very same time. */
const GAP_MS = 0.000_1;

/** One connection as its client holds it. Frames given to a closed one vanish. */
export class ClientLink {
  readonly #network: ClientNetwork;
  readonly #client: number;
  readonly #node: NodeId;
  readonly #end: ClientEnd;
  #door: ClientDoor | undefined;
  #connection: NodeSide | undefined;
  #isOpenHere = true;
  #isOpenThere = false;
  #clearAtMs = { toNode: 0, toClient: 0 };

  constructor(network: ClientNetwork, client: number, node: NodeId, end: ClientEnd) {
    this.#network = network;
    this.#client = client;
    this.#node = node;
    this.#end = end;
    network.scheduler.after(network.latencyMs(), () => this.#arrive());
  }

  /** Neither end holds it any more. */
  get isOver(): boolean {
    return !this.#isOpenHere && !this.#isOpenThere;
  }

  get node(): NodeId {
    return this.#node;
  }

  send(frame: Uint8Array): void {
    if (!this.#isOpenHere) return;
    this.#carry('toNode', () => {
      const door = this.#door;
      const connection = this.#connection;
      if (door === undefined || connection === undefined || !this.#isOpenThere) return;
      door.lifeline.wake('input', () => {
        if (this.#isOpenThere) handOver(frame, (memory) => door.handlers.onFrame(connection, memory));
      });
    });
  }

  /** The client hangs up. */
  close(): void {
    if (!this.#isOpenHere) return;
    this.#isOpenHere = false;
    this.#carry('toNode', () => this.#closeThere());
  }

  /** Both ends hear that it is gone; what was under way is lost. */
  reset(): void {
    this.#closeThere();
    this.#network.scheduler.after(this.#network.latencyMs(), () => this.#closeHere());
  }

  /** The node's process is dead. `silent`: nobody tells the client. */
  nodeDied(silent: boolean): void {
    this.#isOpenThere = false;
    if (!silent) this.#network.scheduler.after(this.#network.latencyMs(), () => this.#closeHere());
  }

  toClient(frame: Uint8Array): void {
    this.#carry('toClient', () => {
      if (this.#isOpenHere) handOver(frame, (memory) => this.#end.onFrame(memory));
    });
  }

  /** The node hangs up after what it has sent, and hears of it like of any other end. */
  closeByNode(): void {
    this.#carry('toClient', () => this.#closeHere());
    this.#network.scheduler.after(0, () => this.#closeThere());
  }

  #arrive(): void {
    const door = this.#network.doorOf(this.#node);
    const walled = this.#network.isWalledOff(this.#client, this.#node);
    if (!this.#isOpenHere) return;
    if (door === undefined && !walled) return this.#closeHere();
    if (door === undefined || walled) return; // Nobody answers: the client has its own time-out.
    door.lifeline.wake('input', () => {
      if (!this.#isOpenHere) return;
      this.#door = door;
      this.#connection = new NodeSide(door, this, `client ${this.#client}`);
      this.#isOpenThere = true;
      door.handlers.onOpen(this.#connection);
      this.#carry('toClient', () => {
        if (this.#isOpenHere) this.#end.onOpen();
      });
    });
  }

  #carry(direction: 'toNode' | 'toClient', run: () => void): void {
    const { scheduler, random } = this.#network;
    const atMs = Math.max(scheduler.nowMs + this.#network.latencyMs(), this.#clearAtMs[direction] + GAP_MS);
    this.#clearAtMs[direction] = atMs;
    const resets = random.chance(this.#network.resetChance());
    scheduler.after(atMs - scheduler.nowMs, () => {
      if (this.#network.isWalledOff(this.#client, this.#node)) return;
      if (!resets) return run();
      this.#network.onReset();
      this.reset();
    });
  }

  #closeHere(): void {
    if (!this.#isOpenHere) return;
    this.#isOpenHere = false;
    this.#end.onClose();
  }

  #closeThere(): void {
    const door = this.#door;
    const connection = this.#connection;
    if (!this.#isOpenThere || door === undefined || connection === undefined) return;
    this.#isOpenThere = false;
    door.lifeline.wake('input', () => door.handlers.onClose(connection));
  }
}

/** The connection as the product sees it. */
class NodeSide implements ClientConnection {
  readonly id: number;
  readonly remote: string;
  readonly queuedBytes = 0;
  readonly #door: ClientDoor;
  readonly #link: ClientLink;
  #isClosed = false;

  constructor(door: ClientDoor, link: ClientLink, remote: string) {
    this.id = door.nextConnection();
    this.remote = remote;
    this.#door = door;
    this.#link = link;
  }

  send(frame: Uint8Array): void {
    if (!this.#isClosed && this.#door.lifeline.mayAct()) this.#link.toClient(frame);
  }

  close(_reason: string, lastFrame?: Uint8Array): void {
    if (this.#isClosed || !this.#door.lifeline.mayAct()) return;
    if (lastFrame !== undefined) this.#link.toClient(lastFrame);
    this.#isClosed = true;
    this.#link.closeByNode();
  }
}

/** A socket's memory is used again as soon as the frame was handed over. */
export function handOver(frame: Uint8Array, use: (memory: Uint8Array) => void): void {
  const memory = frame.slice();
  use(memory);
  memory.fill(0xee);
}
