/**
 * The load of one client group: lanes with one call under way each, at a common pace. A pace, not a closed loop: a
 * lane that waits for an answer in vain leaves its share to the others.
 *
 * Some lanes follow the leader as an ordinary client does; for part of their calls all of them use clients that are
 * tied to one node, so that reads and forwarded writes come in everywhere. Few calls wait long enough to see an
 * election through, some are given up early: those have an unknown end, which is what the checker must cope with.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { createClient, type QuorateClient } from '@quorate/client';
import { type Random, streamOf } from '@quorate/core/protocol';
import { nowUs } from '../clock.ts';
import { Mix } from './mix.ts';
import { perform } from './perform.ts';
import type { LoadPlan } from './plan.ts';
import type { Recorder } from './recorder.ts';

const FOLLOWING_CLIENTS = 3;
const PATIENT_MS = 4000;
const HASTY_MS = 300;
const TIED_MS = 600;
/** A lane that was refused waits so long before the next call, and one that is ahead of the pace. */
const PAUSE_MS = 5;
/** After an outage the pace may be made up for, as far as this. */
const MAX_BACKLOG_SECONDS = 2;

export class Lanes {
  readonly #plan: LoadPlan;
  readonly #recorder: Recorder;
  readonly #random: Random;
  readonly #mix: Mix;
  readonly #following: readonly QuorateClient[];
  /** One per node. */
  readonly #tied: readonly QuorateClient[];
  #nextClient: number;
  #started = 0;

  constructor(plan: LoadPlan, recorder: Recorder) {
    this.#plan = plan;
    this.#recorder = recorder;
    this.#random = streamOf(plan.seed, `load/${plan.site}`);
    this.#mix = new Mix(plan, this.#random);
    this.#nextClient = plan.firstClient;
    const { addrs, site } = plan;
    this.#following = Array.from({ length: FOLLOWING_CLIENTS }, () =>
      createClient({ endpoints: addrs, clientName: site }),
    );
    this.#tied = addrs.map((addr) =>
      createClient({ endpoints: [addr], clientName: site, followLeader: false, connectTimeoutMs: HASTY_MS }),
    );
  }

  /** Returns when the time is over and every call has ended. */
  async run(): Promise<void> {
    await Promise.all(Array.from({ length: this.#plan.lanes }, (_, lane) => this.#lane(lane)));
    await Promise.all([...this.#following, ...this.#tied].map((client) => client.close()));
  }

  async #lane(lane: number): Promise<void> {
    let client = this.#nextClient++;
    for (;;) {
      const timeUs = nowUs();
      if (timeUs >= this.#plan.untilUs) return;
      if (!this.#isDue(timeUs)) {
        await delay(PAUSE_MS);
        continue;
      }
      this.#started += 1;
      const { key, action } = this.#mix.draw(timeUs);
      const { connection, timeoutMs } = this.#choose(lane);
      const end = await this.#recorder.record(client, key, action, () =>
        perform(connection, key, action, timeoutMs),
      );
      // Whoever does not know what became of a call is somebody else from then on: the call is still open.
      if (end.kind === 'unknown') client = this.#nextClient++;
      if (end.kind === 'none') await delay(PAUSE_MS);
    }
  }

  #isDue(timeUs: number): boolean {
    const { callsPerSecond, fromUs } = this.#plan;
    const due = ((timeUs - fromUs) / 1e6) * callsPerSecond;
    this.#started = Math.max(this.#started, due - MAX_BACKLOG_SECONDS * callsPerSecond);
    return this.#started < due;
  }

  #choose(lane: number): { readonly connection: QuorateClient; readonly timeoutMs: number } {
    const random = this.#random;
    if (random.chance(0.3)) return { connection: random.pick(this.#tied), timeoutMs: TIED_MS };
    const connection = this.#following[lane % FOLLOWING_CLIENTS] as QuorateClient;
    return { connection, timeoutMs: random.chance(0.15) ? HASTY_MS : PATIENT_MS };
  }
}
