/**
 * What clients ask: numbered batches and reads, now and then in bursts, at the believed leader or anywhere.
 *
 * The number of a value is its ticket, so that settlements and the ledger speak of the same thing.
 */
import { type NodeId, type Random, streamOf, type Value } from '@quorate/core/protocol';
import type { Ledger } from './ledger.ts';
import type { World } from './world/world.ts';

/** Room for its number. */
export const MIN_VALUE_BYTES = 8;

export class Workload {
  readonly #world: World;
  readonly #ledger: Ledger;
  readonly #random: Random;
  #lastNumber = 0;
  #lastRead = 0;

  constructor(world: World, ledger: Ledger) {
    this.#world = world;
    this.#ledger = ledger;
    this.#random = streamOf(world.seed, 'workload');
  }

  /** Goes on until `isOver`. */
  run(isOver: () => boolean): void {
    const { everyMs } = this.#world.profile.workload;
    this.#world.scheduler.after(everyMs * this.#random.fraction() * 2, () => {
      if (isOver()) return;
      this.#ask();
      this.run(isOver);
    });
  }

  /** Proposes one new value at a node and returns its number. It may well be refused. */
  propose(node: NodeId, blind: boolean): number {
    const number = ++this.#lastNumber;
    const { clock } = this.#world.process(node);
    const value = valueOf(number, this.#bytesOfNext(), clock.wallMs());
    this.#ledger.register(number, value);
    this.#world.ask(node, (host) => host.propose(number, value, blind));
    return number;
  }

  #ask(): void {
    const { maxBurst, readShare } = this.#world.profile.workload;
    for (let times = this.#random.between(1, maxBurst); times > 0; times--) {
      const node = this.#target();
      if (node === undefined) return;
      if (this.#random.chance(readShare)) {
        const ticket = ++this.#lastRead;
        this.#world.ask(node, (host) => host.read(ticket));
      } else {
        this.propose(node, this.#random.chance(0.2));
      }
    }
  }

  /** Mostly one that believes to lead: several may. */
  #target(): NodeId | undefined {
    const { alive } = this.#world;
    if (alive.length === 0) return undefined;
    const leaders = alive.filter((node) => this.#world.process(node).host?.replica?.role === 'leader');
    return leaders.length > 0 && this.#random.chance(0.8)
      ? this.#random.pick(leaders)
      : this.#random.pick(alive);
  }

  #bytesOfNext(): number {
    return MIN_VALUE_BYTES + this.#random.below(this.#world.profile.workload.maxValueBytes + 1);
  }
}

/** The value with this number: the same for equal arguments. `bytes` is its length, at least 8. */
export function valueOf(number: number, bytes: number, stampMs: number): Value {
  const content = new Uint8Array(bytes).fill(number);
  new DataView(content.buffer).setFloat64(0, number, true);
  return { kind: 'batch', stampMs, bytes: content };
}
