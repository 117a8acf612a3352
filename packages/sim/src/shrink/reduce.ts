/**
 * From a failing history to a short one that fails in the same way: a step counts only if the same property fails.
 *
 * In this order, over and over until nothing helps any more or time is up: disks and turns without delay; elections
 * that are asked for instead of waited for; whole nodes, faults, what clients ask, anything; no passing of time; plain
 * limits and values.
 */
import { asNodeId, type NodeId } from '@quorate/core/protocol';
import { type Deed, FAULTS, type History, HOUSEKEEPING, REQUESTS, type Setting } from './history.ts';
import { minimize } from './minimize.ts';
import { play } from './player.ts';

export type ReduceOptions = {
  readonly isOver: () => boolean;
  /** Told of every pass: its name and how many decisions are left. */
  readonly onPass?: (name: string, deeds: number) => void;
};

/** Limits that nobody notices, in multiples of the election time-out where they are times. */
const PLAIN: Omit<Setting['limits'], 'electionTimeoutMs' | 'heartbeatMs' | 'resendMs'> = {
  windowSlots: 16,
  windowBytes: 1024 * 1024,
  pageBytes: 1024 * 1024,
  catchUpSlots: 256,
  maxWaitingReads: 1000,
};
const VALUE_BYTES = 8;
/** An election time-out that nobody lives to see. */
const NEVER_MS = 1_000_000;
/** A longer history is settled in coarse parts only, and not yet made calm: playing it takes its time. */
const LONG = 500;
const COARSE_PARTS = 4;

/** Undefined when playing the whole history does not make this property fail. */
export function reduce(history: History, property: string, options: ReduceOptions): History | undefined {
  const reducer = new Reducer(history, property, options);
  return reducer.holds(history) ? reducer.run() : undefined;
}

class Reducer {
  readonly #property: string;
  readonly #options: ReduceOptions;
  #best: History;

  constructor(history: History, property: string, options: ReduceOptions) {
    this.#best = history;
    this.#property = property;
    this.#options = options;
  }

  /** Keeps what was really played when the property fails as well. */
  holds(candidate: History): boolean {
    const { violated, deeds } = play(candidate);
    if (violated !== this.#property) return false;
    this.#best = { ...candidate, deeds };
    return true;
  }

  run(): History {
    for (;;) {
      const before = costOf(this.#best);
      this.#pass('settled at once', () => this.#settle());
      // Most of a long history has nothing to do with it: the finer questions come when that is gone.
      if (this.#best.deeds.length > LONG) this.#pass('anything', () => this.#drop(() => true));
      this.#pass('campaigns', () => this.#campaign());
      this.#pass('nodes', () => this.#dropNodes());
      this.#pass('faults', () => this.#drop((deed) => FAULTS.has(deed.kind)));
      this.#pass('requests', () => this.#drop((deed) => REQUESTS.has(deed.kind)));
      this.#pass('anything', () => this.#drop(() => true));
      this.#pass('time', () => this.#stopClocks());
      this.#pass('limits and values', () => this.#simplify());
      if (this.#options.isOver() || costOf(this.#best) >= before) return this.#best;
    }
  }

  #pass(name: string, run: () => void): void {
    if (this.#options.isOver()) return;
    run();
    this.#options.onPass?.(name, this.#best.deeds.length);
  }

  #try(deeds: readonly Deed[]): boolean {
    return this.holds({ ...this.#best, deeds });
  }

  #drop(mayGo: (deed: Deed) => boolean): void {
    const trial = (deeds: readonly Deed[]) => (this.#try(deeds) ? this.#best.deeds : undefined);
    minimize(this.#best.deeds, mayGo, trial, this.#options.isOver);
  }

  #dropNodes(): void {
    for (let node = this.#best.setting.nodeCount; node > 0; node--) {
      const isOther = (deed: Deed): boolean =>
        deed.node !== node && !(deed.kind === 'deliver' && deed.from === node);
      if (!this.#options.isOver()) this.#try(this.#best.deeds.filter(isOther));
    }
    while (this.#dropLastNode()) {
      // One fewer each time.
    }
  }

  /** A smaller cluster, in which another node that did nothing may have taken over the last one's part. */
  #dropLastNode(): boolean {
    const { setting, deeds } = this.#best;
    const nodeCount = setting.nodeCount - 1;
    if (nodeCount < 1) return false;
    const used = new Set(deeds.map((deed) => deed.node));
    const idle = Array.from({ length: nodeCount }, (_, index) => asNodeId(index + 1)).filter(
      (node) => !used.has(node),
    );
    const last = asNodeId(setting.nodeCount);
    return [last, ...idle].some((stand) =>
      this.holds({
        setting: { ...setting, nodeCount },
        deeds: deeds.map((deed) => renamed(deed, last, stand)),
      }),
    );
  }

  /** All of it, or in ever smaller parts: nodes do by themselves what only time and disks decided. */
  #settle(): void {
    const most = this.#best.deeds.length > LONG ? COARSE_PARTS : this.#best.deeds.length;
    for (let parts = 1; parts <= most && !this.#options.isOver(); parts *= 2) {
      const size = Math.ceil(this.#best.deeds.length / parts);
      for (let from = 0; from < this.#best.deeds.length && !this.#options.isOver(); from += size) {
        const { deeds } = this.#best;
        const isInside = (index: number): boolean => index >= from && index < from + size;
        if (!deeds.some((deed, index) => isInside(index) && !deed.settles)) continue;
        const settled = deeds.map((deed, index) => (isInside(index) ? { ...deed, settles: true } : deed));
        const bare = settled.filter((deed, index) => !(isInside(index) && HOUSEKEEPING.has(deed.kind)));
        if (!this.#try(bare)) this.#try(settled);
      }
    }
  }

  /** Where a node lost patience it is told to campaign, and nobody ever loses patience any more; or only the former. */
  #campaign(): void {
    if (this.#best.deeds.length > LONG) return;
    const impatient = impatientTicks(this.#best);
    if (impatient.size === 0) return;
    const { setting, deeds } = this.#best;
    const told = (kind: 'campaign' | 'usurp'): Deed[] =>
      deeds.map((deed, index) => (impatient.has(index) ? { ...deed, kind } : deed));
    const limits = {
      ...setting.limits,
      electionTimeoutMs: NEVER_MS,
      heartbeatMs: NEVER_MS / 10,
      resendMs: NEVER_MS / 10,
    };
    for (const kind of ['usurp', 'campaign'] as const) {
      const calm = told(kind);
      if (this.holds({ setting: { ...setting, limits }, deeds: calm.filter(({ kind }) => kind !== 'tick') }))
        return;
      if (this.holds({ setting: { ...setting, limits }, deeds: calm })) return;
    }
    for (const index of impatient) {
      if (this.#options.isOver() || this.#best.deeds !== deeds) return;
      for (const kind of ['usurp', 'campaign'] as const)
        if (this.#try(deeds.map((deed, place) => (place === index ? { ...deed, kind } : deed)))) break;
    }
  }

  /** First no time at all, then deed by deed. */
  #stopClocks(): void {
    if (this.#try(this.#best.deeds.map((deed) => ({ ...deed, atMs: 0 })))) return;
    for (let index = 0; index < this.#best.deeds.length && !this.#options.isOver(); index++) {
      const { deeds } = this.#best;
      const deed = deeds[index] as Deed;
      const passedMs = deed.atMs - clockBefore(deeds, index);
      if (passedMs <= 0) continue;
      // Everything that this node does later moves along.
      this.#try(
        deeds.map((other, place) =>
          place >= index && other.node === deed.node
            ? { ...other, atMs: Math.max(0, other.atMs - passedMs) }
            : other,
        ),
      );
    }
  }

  #simplify(): void {
    const { setting } = this.#best;
    for (const [name, value] of Object.entries(PLAIN)) {
      const limits = { ...this.#best.setting.limits, [name]: value };
      this.holds({ ...this.#best, setting: { ...this.#best.setting, limits } });
    }
    if (setting.durableBackend)
      this.holds({ ...this.#best, setting: { ...this.#best.setting, durableBackend: false } });
    this.#try(
      this.#best.deeds.map((deed) =>
        deed.kind === 'propose' ? { ...deed, bytes: VALUE_BYTES, stampMs: 0 } : deed,
      ),
    );
    this.#try(this.#best.deeds.map((deed) => (deed.kind === 'start' ? { ...deed, seed: deed.node } : deed)));
    this.#try(this.#best.deeds.map((deed) => ({ ...deed, atMs: Math.ceil(deed.atMs) })));
  }
}

/** The deed as one of `to` where it was one of `from`; what messages say adapts itself when it is played. */
function renamed(deed: Deed, from: NodeId, to: NodeId): Deed {
  const swap = (node: NodeId): NodeId => (node === from ? to : node);
  const moved = { ...deed, node: swap(deed.node) };
  if (moved.kind === 'deliver') return { ...moved, from: swap(moved.from) };
  return moved.kind === 'up' || moved.kind === 'down' ? { ...moved, peer: swap(moved.peer) } : moved;
}

/** What the node's clock showed before this deed. */
export function clockBefore(deeds: readonly Deed[], index: number): number {
  const { node } = deeds[index] as Deed;
  return deeds
    .slice(0, index)
    .reduce((atMs, deed) => (deed.node === node ? Math.max(atMs, deed.atMs) : atMs), 0);
}

/** Places of the ticks at which a node asks for votes. */
function impatientTicks(history: History): ReadonlySet<number> {
  const places = new Set<number>();
  let place = -1;
  let deed: Deed | undefined;
  play(history, {
    onDeed: (next) => {
      place += 1;
      deed = next;
    },
    onEvent: (event) => {
      if (event.kind !== 'step' || event.input.kind !== 'tick' || deed?.kind !== 'tick') return;
      if (event.output.send.some(({ message }) => message.kind === 'pre-vote')) places.add(place);
    },
  });
  return places;
}

/** Deeds first, then nodes, then moments at which time passes. */
function costOf({ deeds, setting }: History): number {
  const moments = deeds.filter((deed, index) => deed.atMs > clockBefore(deeds, index)).length;
  return deeds.length * 1000 + setting.nodeCount * 100 + moments;
}
