/**
 * Draws faults and inflicts them, one after another, until the chaos is over. Two of these run side by side, one for
 * processes and one for the network, so that a leader is also killed while its links are slow.
 *
 * The seed fixes which faults come in which order and how long they last. It does not fix what the processes do
 * meanwhile: that is what the simulator is for.
 */
import type { FaultRecord } from '@quorate/sim';
import { nowUs } from '../clock.ts';
import { hold, type Rig, type WeightedFault } from './rig.ts';

export type InflictedFault = FaultRecord & { readonly fired: boolean };

const MIN_GAP_MS = 200;
const MAX_GAP_MS = 1800;
/** Of a fault that was not possible at that moment, the next is tried after so long. */
const RETRY_MS = 100;

export class Nemesis {
  /** In the order in which they were healed. */
  readonly inflicted: InflictedFault[] = [];
  /** What is going on now, for the progress line. */
  current: string | undefined;
  readonly #rig: Rig;
  readonly #faults: readonly WeightedFault[];

  constructor(rig: Rig, faults: readonly WeightedFault[]) {
    this.#rig = rig;
    this.#faults = faults;
  }

  /** Returns when the chaos is over and the last fault is healed. */
  async run(): Promise<void> {
    const { over } = this.#rig;
    while (!over.aborted) {
      await hold(this.#rig, MIN_GAP_MS, MAX_GAP_MS);
      if (over.aborted) return;
      const fault = this.#draw();
      this.current = fault.name;
      const fromUs = nowUs();
      const done = await fault.script(this.#rig);
      this.current = undefined;
      if (done === undefined) await hold(this.#rig, RETRY_MS, RETRY_MS);
      else this.inflicted.push({ what: done.what, fired: done.fired, fromUs, untilUs: nowUs() });
    }
  }

  #draw(): WeightedFault {
    const total = this.#faults.reduce((sum, { weight }) => sum + weight, 0);
    let draw = this.#rig.random.fraction() * total;
    for (const fault of this.#faults) {
      draw -= fault.weight;
      if (draw < 0) return fault;
    }
    return this.#faults.at(-1) as WeightedFault;
  }
}
