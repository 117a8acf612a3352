/**
 * The transport port of one life of a node over the simulated links: every frame that leaves is decoded, so that the
 * checkers see the messages that really went out; a link carries only so many bytes and refuses what is over its bound.
 */
import { crc32 } from 'node:zlib';
import type { Clock, Transport, TransportHandlers } from '@quorate/core/ports';
import type { Lane, NodeId } from '@quorate/core/protocol';
import { decodePeerFrame } from '@quorate/core/wire';
import type { EngineWorld } from './engine-world.ts';
import type { Lifeline } from './lifeline.ts';

type Backlog = { bytes: number; atMs: number };

export class SimTransport implements Transport {
  readonly #world: EngineWorld;
  readonly #node: NodeId;
  readonly #lifeline: Lifeline;
  readonly #clock: Clock;
  readonly #onStart: (handlers: TransportHandlers) => void;
  /** By peer and lane. */
  readonly #backlogs: Map<string, Backlog> = new Map();

  constructor(
    world: EngineWorld,
    node: NodeId,
    lifeline: Lifeline,
    clock: Clock,
    onStart: (handlers: TransportHandlers) => void,
  ) {
    this.#world = world;
    this.#node = node;
    this.#lifeline = lifeline;
    this.#clock = clock;
    this.#onStart = onStart;
  }

  start(handlers: TransportHandlers): void {
    this.#onStart(handlers);
  }

  send(to: NodeId, lane: Lane, frame: Uint8Array): boolean {
    if (!this.#lifeline.mayAct()) return false;
    const world = this.#world;
    this.#observe(to, frame);
    const backlog = this.#backlogOf(to, lane);
    const { maxQueuedBytes } = world.lane;
    if (maxQueuedBytes > 0 && backlog.bytes > 0 && backlog.bytes + frame.length > maxQueuedBytes) {
      world.hit('link-clogged');
      return false;
    }
    backlog.bytes += frame.length;
    world.noteFrame(this.#node, to, frame);
    return world.links.send(this.#node, to, lane, frame);
  }

  queuedBytes(to: NodeId): number {
    return this.#backlogOf(to, 'bulk').bytes;
  }

  reject(peer: NodeId): void {
    this.#world.judge.coverage.hit('corrupt-refused');
    this.#world.links.reject(this.#node, peer);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #observe(to: NodeId, frame: Uint8Array): void {
    const limits = { maxFrameBytes: this.#world.profile.runtime.maxPeerFrameBytes, group: 0 };
    for (const payload of decodePeerFrame(frame, crc32, limits)) {
      if (payload.kind === 'protocol')
        this.#world.emit({ kind: 'send', node: this.#node, to, message: payload.message });
      if (payload.kind === 'forward') this.#world.hit('forwarded');
    }
  }

  /** What the link has carried since the last look is gone. */
  #backlogOf(to: NodeId, lane: Lane): Backlog {
    const name = `${to}/${lane}`;
    const nowMs = this.#clock.monotonicMs();
    const known = this.#backlogs.get(name) ?? { bytes: 0, atMs: nowMs };
    known.bytes = Math.max(0, known.bytes - (nowMs - known.atMs) * this.#world.lane.bytesPerMs);
    known.atMs = nowMs;
    this.#backlogs.set(name, known);
    return known;
  }
}
