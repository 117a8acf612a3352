/**
 * The node that a simulated client talks to: dialling, the greeting, time-outs, back-off, moving on. Leaves to
 * sim-client.ts what is asked and what the answers mean.
 */
import type { NodeId, Random } from '@quorate/core/protocol';
import {
  type ClientFrame,
  decodeNodeFrame,
  ECHO_VERSION,
  encodeClientFrame,
  type NodeFrame,
} from '@quorate/wire';
import { ClientLink } from './client-links.ts';
import type { ClientWorld } from './client-world.ts';

export type PlaceHandlers = {
  /** Frames can be given, or given again. */
  onReady(): void;
  onFrame(frame: Exclude<NodeFrame, { kind: 'welcome' | 'goodbye' }>): void;
  /** The connection is gone: what was sent may have been executed. */
  onLost(): void;
};

/** In election time-outs. */
const MAX_PATIENCE_TIMEOUTS = 8;
const MAX_BACKOFF_DOUBLINGS = 5;

export class ClientPlace {
  readonly #client: number;
  readonly #world: ClientWorld;
  readonly #random: Random;
  readonly #handlers: PlaceHandlers;
  #link: ClientLink | undefined;
  #isWelcome = false;
  #isPaused = false;
  /** In a row. */
  #refusals = 0;

  constructor(client: number, world: ClientWorld, random: Random, handlers: PlaceHandlers) {
    this.#client = client;
    this.#world = world;
    this.#random = random;
    this.#handlers = handlers;
  }

  get node(): NodeId | undefined {
    return this.#link?.node;
  }

  /** True when frames can be given; else sees to it that they soon can. */
  ensure(): boolean {
    if (this.#isPaused) return false;
    if (this.#link === undefined) this.#dial(this.#random.pick(this.#world.nodes));
    return this.#isWelcome;
  }

  get isReady(): boolean {
    return this.#isWelcome && !this.#isPaused;
  }

  give(frame: ClientFrame, isWhole: boolean): void {
    const bytes = encodeClientFrame(frame);
    const { garbageChance } = this.#world.profile.clients;
    this.#world.note?.(`client ${this.#client} -> ${this.node ?? '-'} ${describeFrame(frame)}`);
    this.#link?.send(isWhole || !this.#random.chance(garbageChance) ? bytes : this.#garbage(bytes));
  }

  /** Longer with every attempt: copies of a command must not pile up faster than a slow cluster executes them. */
  patienceMs(attempts: number): number {
    const { clients, base } = this.#world.profile;
    const longestMs = Math.max(clients.attemptMs, MAX_PATIENCE_TIMEOUTS * base.limits.electionTimeoutMs);
    return Math.min(longestMs, clients.attemptMs * 2 ** (attempts - 1));
  }

  /** Hangs up after this time if it is still the same connection and `isWaiting`. */
  hangUpUnless(patienceMs: number, isWaiting: () => boolean): void {
    const link = this.#link;
    this.#world.scheduler.after(patienceMs, () => {
      if (this.#link === link && link !== undefined && isWaiting()) this.#hangUp();
    });
  }

  /** Leaves for that node, or, undefined, for any one after a pause. */
  leaveFor(node: NodeId | undefined): void {
    if (this.#link === undefined || this.#link.node === node) return;
    this.#hangUp();
    if (node !== undefined) this.#dial(node);
  }

  /** Longer from one refusal to the next, as clients do: until somebody says yes. */
  backOff(): void {
    this.#refusals += 1;
    if (this.#isPaused) return;
    this.#isPaused = true;
    const { backoffMs } = this.#world.profile.clients;
    const delayMs = backoffMs * 2 ** Math.min(this.#refusals - 1, MAX_BACKOFF_DOUBLINGS);
    this.#world.scheduler.after(delayMs * (0.5 + this.#random.fraction()), () => {
      this.#isPaused = false;
      this.#handlers.onReady();
    });
  }

  onSuccess(): void {
    this.#refusals = 0;
  }

  #dial(node: NodeId): void {
    if (this.#link !== undefined) return;
    this.#isWelcome = false;
    const link = new ClientLink(this.#world.network, this.#client, node, {
      onOpen: () => {
        if (this.#link === link) link.send(encodeClientFrame(hello(this.#client)));
      },
      onFrame: (frame) => {
        if (this.#link === link) this.#onFrame(decodeNodeFrame(frame));
      },
      onClose: () => {
        if (this.#link === link) this.#onLost();
      },
    });
    this.#link = link;
    this.#world.onDial(link);
    this.hangUpUnless(this.#world.profile.clients.attemptMs, () => !this.#isWelcome);
  }

  #onFrame(frame: NodeFrame): void {
    switch (frame.kind) {
      case 'goodbye':
        return this.#hangUp();
      case 'welcome':
        this.#isWelcome = true;
        return this.#handlers.onReady();
      default:
        return this.#handlers.onFrame(frame);
    }
  }

  #hangUp(): void {
    this.#link?.close();
    this.#onLost();
  }

  #onLost(): void {
    this.#world.hit('reconnect');
    this.#link = undefined;
    this.#isWelcome = false;
    this.#handlers.onLost();
    this.backOff();
  }

  /** Cut short, so that the node must notice: a changed bit may be another valid command. */
  #garbage(frame: Uint8Array): Uint8Array {
    this.#world.hit('garbage-refused');
    return frame.subarray(0, this.#random.below(frame.length));
  }
}

/** Every other client is an old one, which knows no echoes. */
function hello(client: number): ClientFrame {
  const versionMax = client % 2 === 0 ? ECHO_VERSION - 1 : ECHO_VERSION;
  return { kind: 'hello', versionMin: 1, versionMax, clientName: `client ${client}` };
}

function describeFrame(frame: ClientFrame): string {
  if (frame.kind !== 'request') return frame.kind;
  const sequences = frame.commands.map(({ sequence }) => sequence).join(' ');
  return `request session=${frame.session} ack=${frame.ackSequence} ${frame.consistency}${frame.noForward ? ' no-forward' : ''} sequences=${sequences}`;
}
