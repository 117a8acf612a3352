/**
 * The links between the nodes: one in each direction and lane, with latency, loss, duplication, reordering, damage
 * and cuts, in one of two kinds.
 *
 * `stream` is what the product's transport promises: frames of a lane stay in order, a cut link breaks after a while,
 * both ends hear `down`, what was under way is lost, and `up` follows when the link is back. `datagram` promises
 * nothing: any order, no news of links, frames of long ago. The protocol must be safe on both, live on both.
 * Leaves to nemesis.ts when what is cut, and to sim-process.ts what a node does with a frame.
 */
import type { Lane, NodeId, Random } from '@quorate/core/protocol';
import type { CoverageCounts } from '../coverage.ts';
import type { Endpoints, NetworkFaults } from './network-faults.ts';
import type { Scheduler } from './scheduler.ts';

type Link = {
  cut: boolean;
  readonly stalled: { readonly lane: Lane; readonly frame: Uint8Array }[];
  readonly clearAtMs: { control: number; bulk: number };
};
type Pair = {
  connected: boolean;
  /** Frames of an older connection do not arrive. */
  epoch: number;
  /** Ends that have not heard yet that the connection is gone. They hear it before they hear of the next one. */
  readonly unaware: Set<NodeId>;
};

export class Network {
  readonly #nodes: readonly NodeId[];
  readonly #scheduler: Scheduler;
  readonly #random: Random;
  readonly #endpoints: Endpoints;
  readonly #coverage: CoverageCounts;
  readonly #links: Map<number, Link> = new Map();
  readonly #pairs: Map<number, Pair> = new Map();
  #faults: NetworkFaults;

  constructor(
    nodes: readonly NodeId[],
    scheduler: Scheduler,
    random: Random,
    faults: NetworkFaults,
    endpoints: Endpoints,
    coverage: CoverageCounts,
  ) {
    this.#nodes = nodes;
    this.#scheduler = scheduler;
    this.#random = random;
    this.#faults = faults;
    this.#endpoints = endpoints;
    this.#coverage = coverage;
    for (const from of nodes) {
      for (const to of nodes) {
        if (from === to) continue;
        this.#links.set(key(from, to), { cut: false, stalled: [], clearAtMs: { control: 0, bulk: 0 } });
        if (from < to) this.#pairs.set(key(from, to), { connected: false, epoch: 0, unaware: new Set() });
      }
    }
  }

  set faults(faults: NetworkFaults) {
    this.#faults = faults;
  }

  /** False when the frame was dropped at the door. */
  send(from: NodeId, to: NodeId, lane: Lane, frame: Uint8Array): boolean {
    const link = this.#link(from, to);
    const pair = this.#pair(from, to);
    const faults = this.#faults;
    if (faults.kind === 'stream' && !pair.connected) return false;
    if (link.cut) {
      if (faults.kind === 'stream' && faults.stalls) link.stalled.push({ lane, frame });
      return true;
    }
    if (this.#random.chance(faults.lossChance)) {
      this.#coverage.hit('loss');
      return true;
    }
    this.#carry(from, to, lane, frame);
    if (faults.kind === 'datagram' && this.#random.chance(faults.duplicateChance)) {
      this.#coverage.hit('duplicate');
      this.#carry(from, to, lane, frame);
    }
    if (this.#random.chance(faults.lateChance)) {
      this.#coverage.hit('late');
      this.#scheduler.after(this.#random.fraction() * faults.lateMs, () => {
        // Such copies are a fault like others, and end with them.
        if (this.#faults.lateChance > 0) this.#arrive(from, to, lane, frame, undefined);
      });
    }
    return true;
  }

  cut(from: NodeId, to: NodeId): void {
    const link = this.#link(from, to);
    if (link.cut) return;
    link.cut = true;
    if (this.#faults.kind !== 'stream') return;
    const { epoch } = this.#pair(from, to);
    this.#scheduler.after(this.#faults.detectMs * (0.5 + this.#random.fraction()), () => {
      if (link.cut && this.#pair(from, to).epoch === epoch) this.#disconnect(from, to, true);
    });
  }

  heal(from: NodeId, to: NodeId): void {
    const link = this.#link(from, to);
    if (!link.cut) return;
    link.cut = false;
    const stalled = link.stalled.splice(0);
    if (this.#pair(from, to).connected) {
      for (const { lane, frame } of stalled) this.#carry(from, to, lane, frame);
    } else {
      this.#reconnectLater(from, to);
    }
  }

  healAll(): void {
    for (const from of this.#nodes) for (const to of this.#nodes) if (from !== to) this.heal(from, to);
  }

  isCut(from: NodeId, to: NodeId): boolean {
    return this.#link(from, to).cut;
  }

  /** The process came to life: it dials everybody. */
  nodeUp(node: NodeId): void {
    for (const peer of this.#nodes) if (peer !== node) this.#reconnectLater(node, peer);
  }

  /** The process died. Its sockets are closed by its system, or fall silent if the machine is gone. */
  nodeDown(node: NodeId, silent: boolean): void {
    for (const peer of this.#nodes) {
      if (peer === node) continue;
      this.#pair(node, peer).unaware.delete(node);
      if (this.#break(node, peer))
        this.#tell(peer, node, silent ? this.#faults.detectMs : this.#faults.latencyMs);
    }
  }

  /** One side refuses the connection because of what came over it. */
  reject(at: NodeId, peer: NodeId): void {
    if (this.#faults.kind === 'stream') this.#disconnect(at, peer, true);
  }

  #carry(from: NodeId, to: NodeId, lane: Lane, frame: Uint8Array): void {
    const faults = this.#faults;
    let atMs = this.#scheduler.nowMs + faults.latencyMs + this.#random.fraction() * faults.jitterMs;
    if (faults.kind === 'stream') {
      // In order: not before the frame in front of it has arrived.
      const { clearAtMs } = this.#link(from, to);
      atMs = Math.max(atMs, clearAtMs[lane] + STREAM_GAP_MS);
      clearAtMs[lane] = atMs;
    }
    const { epoch } = this.#pair(from, to);
    this.#scheduler.after(atMs - this.#scheduler.nowMs, () => this.#arrive(from, to, lane, frame, epoch));
  }

  #arrive(from: NodeId, to: NodeId, lane: Lane, frame: Uint8Array, epoch: number | undefined): void {
    if (!this.#endpoints.isAlive(to)) return;
    if (epoch !== undefined && this.#faults.kind === 'stream') {
      if (this.#pair(from, to).epoch !== epoch || this.#link(from, to).cut) return;
    }
    if (this.#random.chance(this.#faults.corruptChance)) {
      this.#endpoints.onFrame(to, from, lane, this.#damage(frame));
    } else {
      this.#endpoints.onFrame(to, from, lane, frame);
    }
  }

  #damage(frame: Uint8Array): Uint8Array {
    const damaged = frame.slice(
      0,
      this.#random.chance(0.2) ? this.#random.below(frame.length) : frame.length,
    );
    if (damaged.length === 0) return damaged;
    const at = this.#random.below(damaged.length);
    damaged[at] = (damaged[at] ?? 0) ^ (1 << this.#random.below(8));
    return damaged;
  }

  #disconnect(one: NodeId, other: NodeId, redial: boolean): void {
    if (!this.#break(one, other)) return;
    this.#coverage.hit('link-down');
    this.#tell(one, other, this.#faults.latencyMs);
    this.#tell(other, one, this.#faults.latencyMs);
    if (redial) this.#reconnectLater(one, other);
  }

  /** False when there was no connection. */
  #break(one: NodeId, other: NodeId): boolean {
    const pair = this.#pair(one, other);
    if (!pair.connected) return false;
    pair.connected = false;
    pair.epoch += 1;
    this.#link(one, other).stalled.length = 0;
    this.#link(other, one).stalled.length = 0;
    return true;
  }

  /** `at` hears within a while that its connection to `peer` is gone. */
  #tell(at: NodeId, peer: NodeId, withinMs: number): void {
    if (this.#faults.kind !== 'stream') return;
    const pair = this.#pair(at, peer);
    pair.unaware.add(at);
    const { epoch } = pair;
    this.#scheduler.after(withinMs * (0.5 + this.#random.fraction()), () => {
      if (pair.epoch === epoch && pair.unaware.delete(at)) this.#endpoints.onDown(at, peer);
    });
  }

  #reconnectLater(one: NodeId, other: NodeId): void {
    const pair = this.#pair(one, other);
    if (pair.connected) return;
    const { epoch } = pair;
    this.#scheduler.after(
      this.#faults.latencyMs + this.#faults.reconnectMs * (0.5 + this.#random.fraction()),
      () => {
        if (pair.connected || pair.epoch !== epoch) return;
        if (!this.#endpoints.isAlive(one) || !this.#endpoints.isAlive(other)) return;
        // Dialled again when the last cut is healed.
        if (this.#link(one, other).cut || this.#link(other, one).cut) return;
        pair.connected = true;
        pair.epoch += 1;
        if (this.#faults.kind !== 'stream') return;
        this.#coverage.hit('link-up');
        for (const [at, peer] of [
          [one, other],
          [other, one],
        ] as const) {
          if (pair.unaware.delete(at)) this.#endpoints.onDown(at, peer);
          this.#endpoints.onUp(at, peer);
        }
      },
    );
  }

  #link(from: NodeId, to: NodeId): Link {
    return this.#links.get(key(from, to)) as Link;
  }

  #pair(one: NodeId, other: NodeId): Pair {
    return this.#pairs.get(one < other ? key(one, other) : key(other, one)) as Pair;
  }
}

/** Two frames of a stream never arrive at the very same time. */
const STREAM_GAP_MS = 0.000_1;

function key(from: NodeId, to: NodeId): number {
  return from * 256 + to;
}
