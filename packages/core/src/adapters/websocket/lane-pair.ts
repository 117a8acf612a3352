/**
 * The two sockets of one dial: control and bulk. They live and end together. What the dial was called by the
 * dialling process (`incarnation`, `attempt`) orders the pairs of one peer in time.
 */
import type { Lane } from '../../protocol/message.ts';
import type { PeerSocket } from './peer-socket.ts';
import { SILENT_CHECKS, SilenceMeter } from './silence.ts';

/** The close frame of a polite end. */
export type Farewell = { readonly code: number; readonly reason: string };

export const LANES: readonly Lane[] = ['control', 'bulk'];

/** A pong on the bulk lane waits behind what is queued there, so this lane gets three times as long. */
const SILENT_CHECKS_OF_LANE: Readonly<Record<Lane, number>> = {
  control: SILENT_CHECKS,
  bulk: 3 * SILENT_CHECKS,
};

type LaneState = { readonly socket: PeerSocket; readonly silence: SilenceMeter };

export class LanePair {
  readonly incarnation: number;
  readonly attempt: number;
  #control: LaneState | undefined;
  #bulk: LaneState | undefined;

  constructor(incarnation: number, attempt: number) {
    this.incarnation = incarnation;
    this.attempt = attempt;
  }

  get isComplete(): boolean {
    return this.#control !== undefined && this.#bulk !== undefined;
  }

  has(lane: Lane): boolean {
    return this.socket(lane) !== undefined;
  }

  add(lane: Lane, socket: PeerSocket): void {
    const state = { socket, silence: new SilenceMeter() };
    if (lane === 'control') this.#control = state;
    else this.#bulk = state;
  }

  socket(lane: Lane): PeerSocket | undefined {
    return this.#state(lane)?.socket;
  }

  queuedBytes(lane: Lane): number {
    return this.socket(lane)?.queuedBytes ?? 0;
  }

  /** Pings both lanes. Returns a lane on which nothing arrived for too long. */
  checkSilence(): Lane | undefined {
    for (const lane of LANES) {
      const state = this.#state(lane);
      if (state === undefined) continue;
      if (state.silence.check(state.socket.bytesRead) >= SILENT_CHECKS_OF_LANE[lane]) return lane;
      state.socket.ping();
    }
    return undefined;
  }

  /** Both sockets; without a farewell they are destroyed. One that has ended already is left alone. */
  end(why: string, farewell?: Farewell): void {
    for (const lane of LANES) {
      const socket = this.socket(lane);
      if (farewell === undefined) socket?.destroy(why);
      else socket?.close(farewell.code, farewell.reason);
    }
  }

  #state(lane: Lane): LaneState | undefined {
    return lane === 'control' ? this.#control : this.#bulk;
  }
}
