/**
 * Keeps a link to one peer that this node has to dial: dials both lanes, greets, and dials again with back-off
 * when the pair ends. Of two nodes the one with the lower id dials.
 *
 * The back-off starts over only after a link that held for a while; one that is closed as soon as it is up, for
 * instance because a side cannot read the other's frames, is not dialled in a tight loop.
 */
import type { Timer } from '../../ports/clock.ts';
import type { Lane } from '../../protocol/message.ts';
import { reconnectDelayMs } from './backoff.ts';
import type { PeerContext } from './context.ts';
import { judgeHello, ownHello } from './greeting.ts';
import { encodeHello, encodeReady, type Hello } from './hello.ts';
import { LANES, LanePair } from './lane-pair.ts';
import type { PeerLink } from './peer-link.ts';
import { dialPeer, type PeerSocket } from './peer-socket.ts';

export class Dialer {
  readonly #context: PeerContext;
  readonly #link: PeerLink;
  readonly #address: string;
  #attempt = 0;
  /** Dials since the last link that held. */
  #failures = 0;
  #timer: Timer | undefined;
  #stopped = false;

  constructor(context: PeerContext, link: PeerLink, address: string) {
    this.#context = context;
    this.#link = link;
    this.#address = address;
    link.onEnded = (upForMs) => this.#dialLater(upForMs);
  }

  dial(): void {
    const { clock, identity, limits } = this.#context.options;
    this.#attempt += 1;
    this.#context.counters.add('dials');
    const pair = this.#link.begin(new LanePair(identity.incarnation, this.#attempt));
    const greeted = new Set<Lane>();
    for (const lane of LANES) this.#dialLane(pair, lane, greeted);
    this.#timer?.cancel();
    this.#timer = clock.after(limits.greetingTimeoutMs, () => {
      this.#context.counters.add('greetingTimeouts');
      this.#link.end(pair, `no greeting within ${limits.greetingTimeoutMs} ms`);
    });
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  #dialLane(pair: LanePair, lane: Lane, greeted: Set<Lane>): void {
    const socket = dialPeer(this.#address, this.#context.options.limits, this.#context.counters);
    pair.add(lane, socket);
    socket.onEnded = (why) => this.#link.end(pair, why);
    socket.onOpen = () =>
      socket.send(encodeHello(ownHello(this.#context, this.#link.node, lane, pair.attempt)));
    socket.onFrame = (frame) => {
      if (!this.#hears(pair, lane, socket, frame)) return;
      greeted.add(lane);
      if (greeted.size === LANES.length) this.#ready(pair);
    };
  }

  /** True when the answer to our Hello is good. */
  #hears(pair: LanePair, lane: Lane, socket: PeerSocket, frame: Uint8Array): boolean {
    const peer = this.#link.node;
    const verdict = judgeHello(this.#context, frame, (from) => (from === peer ? this.#link : undefined));
    switch (verdict.kind) {
      case 'rejected':
        this.#context.refusedBy(peer, verdict.reject);
        this.#link.end(pair, `refused by the peer: ${verdict.reject.code ?? 'UNKNOWN'}`);
        return false;
      case 'refuse':
        this.#context.refuse(socket, verdict.refusal, peer, this.#address);
        return false;
      case 'welcome':
        if (answers(verdict.hello, pair, lane)) return true;
        this.#context.refuse(
          socket,
          { code: 'WIRE_MALFORMED', message: 'the answer belongs to another hello' },
          peer,
          this.#address,
        );
        return false;
      default:
        return verdict satisfies never;
    }
  }

  #ready(pair: LanePair): void {
    this.#timer?.cancel();
    for (const lane of LANES) {
      // Opened before `ready` leaves: the peer may speak as soon as it has read one of the two.
      this.#link.open(pair, lane);
      pair.socket(lane)?.send(encodeReady());
    }
    this.#link.establish(pair);
  }

  #dialLater(upForMs: number): void {
    this.#timer?.cancel();
    if (this.#stopped) return;
    const { clock, limits, random } = this.#context.options;
    if (upForMs >= limits.reconnectMaxMs) this.#failures = 0;
    const delayMs = reconnectDelayMs(this.#failures, random(), limits);
    this.#failures += 1;
    this.#timer = clock.after(delayMs, () => this.dial());
  }
}

function answers(hello: Hello, pair: LanePair, lane: Lane): boolean {
  return hello.lane === lane && hello.attempt === pair.attempt;
}
