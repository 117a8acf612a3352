/**
 * The link to one peer for the life of this process: which pair of sockets is the current one, whether it is up,
 * and what is known of the peer's life (incarnation, process, last dial).
 *
 * Invariants. At most one pair is current; every socket of an earlier pair has ended before a newer one is begun,
 * so none of its frames is delivered any more. `onUp` and `onDown` alternate, beginning with `onUp`. A link is up
 * only while both lanes are open.
 */
import type { Timer } from '../../ports/clock.ts';
import type { Lane } from '../../protocol/message.ts';
import type { NodeId } from '../../protocol/types.ts';
import type { Refusal } from './admission.ts';
import { CLOSE_REPLACED } from './close-codes.ts';
import type { PeerContext } from './context.ts';
import type { Hello } from './hello.ts';
import { type Farewell, LanePair } from './lane-pair.ts';
import { checkEveryMs } from './silence.ts';

export class PeerLink {
  readonly node: NodeId;
  /** Called after every end of a pair, with how long it had been up; 0 if it never was. */
  onEnded: (upForMs: number) => void = () => undefined;

  readonly #context: PeerContext;
  #pair: LanePair | undefined;
  #isUp = false;
  #upSinceMs = 0;
  #watch: Timer | undefined;
  #life: { readonly incarnation: number; readonly processNonce: string } | undefined;

  constructor(context: PeerContext, node: NodeId) {
    this.#context = context;
    this.node = node;
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  /** Highest incarnation seen of the peer; 0 before the first. */
  get incarnation(): number {
    return this.#life?.incarnation ?? 0;
  }

  get queuedBytes(): number {
    return this.#isUp ? (this.#pair?.queuedBytes('bulk') ?? 0) : 0;
  }

  /** Undefined when the Hello is not from an earlier life of the peer, nor from a second process of this one. */
  checkLife(hello: Hello): Refusal | undefined {
    const life = this.#life;
    if (life === undefined || hello.incarnation > life.incarnation) return undefined;
    if (hello.incarnation < life.incarnation) {
      // A process that hears this is alive: it runs on an older copy of its directory.
      const message = `incarnation ${hello.incarnation} of node ${this.node} is over, ${life.incarnation} was seen`;
      return { code: 'STORAGE_REPLACED', message };
    }
    if (hello.processNonce === life.processNonce) return undefined;
    const message = `a second process runs as incarnation ${hello.incarnation} of node ${this.node}: was its directory copied?`;
    return { code: 'STORAGE_REPLACED', message };
  }

  rememberLife(hello: Hello): void {
    this.#life = { incarnation: hello.incarnation, processNonce: hello.processNonce };
  }

  /**
   * The pair that an accepted Hello belongs to: the current one for its second lane, a new one for a newer dial.
   * A refusal when the lane is taken or the dial is older than the current one.
   */
  pairFor(hello: Hello): LanePair | Refusal {
    const current = this.#pair;
    if (current === undefined || hello.incarnation > current.incarnation || hello.attempt > current.attempt) {
      return this.begin(new LanePair(hello.incarnation, hello.attempt));
    }
    if (hello.attempt < current.attempt) {
      const message = `connection ${hello.attempt} of node ${this.node} is replaced by ${current.attempt}`;
      return { code: 'WIRE_STALE_INCARNATION', message };
    }
    if (current.has(hello.lane))
      return { code: 'WIRE_MALFORMED', message: `the ${hello.lane} lane is there already` };
    return current;
  }

  /** Makes `pair` the current one; what was current is closed first and goes down. */
  begin(pair: LanePair): LanePair {
    if (this.#pair !== undefined) {
      const reason = 'replaced by a newer connection';
      this.end(this.#pair, reason, { code: CLOSE_REPLACED, reason });
    }
    this.#pair = pair;
    return pair;
  }

  /** The greeting of a lane is done: its frames go to the runtime from now on. */
  open(pair: LanePair, lane: Lane): void {
    const { counters } = this.#context;
    const socket = pair.socket(lane);
    if (socket === undefined) return;
    const node = this.node;
    socket.onFrame = (frame) => {
      counters.add('framesIn');
      counters.add('bytesIn', frame.length);
      this.#context.handlers?.onFrame(node, lane, frame);
    };
  }

  /** Both lanes are greeted by both sides, or will be without another word of ours. Idempotent. */
  establish(pair: LanePair): void {
    if (this.#isUp || pair !== this.#pair) return;
    const { clock, logger } = this.#context.options;
    this.#isUp = true;
    this.#upSinceMs = clock.monotonicMs();
    this.#context.counters.add('linksUp');
    logger.info('a peer is connected', { peer: this.node, incarnation: this.incarnation });
    this.#watchLater(pair);
    this.#context.handlers?.onUp(this.node);
  }

  /** False when nothing was queued; counted by cause. */
  send(lane: Lane, frame: Uint8Array): boolean {
    const { counters } = this.#context;
    const { limits } = this.#context.options;
    const socket = this.#isUp ? this.#pair?.socket(lane) : undefined;
    if (socket === undefined) return this.#drop('droppedNoLink');
    if (frame.length > limits.maxFrameBytes) return this.#drop('droppedTooLarge');
    const bound = lane === 'bulk' ? limits.maxOutboundBytes : limits.maxControlOutboundBytes;
    if (socket.queuedBytes + frame.length > bound)
      return this.#drop(lane === 'bulk' ? 'droppedBulkFull' : 'droppedControlFull');
    counters.add('framesOut');
    counters.add('bytesOut', frame.length);
    socket.send(frame);
    return true;
  }

  /** Ends a pair; one that is not current any more is left alone. */
  end(pair: LanePair, why: string, farewell?: Farewell): void {
    if (pair !== this.#pair) return;
    const wasUp = this.#isUp;
    const { clock, logger } = this.#context.options;
    this.#pair = undefined;
    this.#isUp = false;
    this.#watch?.cancel();
    pair.end(why, farewell);
    if (wasUp) {
      this.#context.counters.add('linksDown');
      logger.info('a peer is disconnected', { peer: this.node, reason: why });
      this.#context.handlers?.onDown(this.node);
    } else {
      logger.debug('no connection to a peer', { peer: this.node, reason: why });
    }
    this.onEnded(wasUp ? clock.monotonicMs() - this.#upSinceMs : 0);
  }

  /** Ends whatever is current. */
  endCurrent(why: string, farewell: Farewell): void {
    if (this.#pair !== undefined) this.end(this.#pair, why, farewell);
  }

  #drop(cause: string): false {
    this.#context.counters.add(cause);
    return false;
  }

  #watchLater(pair: LanePair): void {
    const { clock, limits } = this.#context.options;
    this.#watch = clock.after(checkEveryMs(limits.idleTimeoutMs), () => {
      const silentLane = pair.checkSilence();
      if (silentLane === undefined) this.#watchLater(pair);
      else this.end(pair, `nothing arrived on the ${silentLane} lane for too long`);
    });
  }
}
