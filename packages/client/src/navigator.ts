/**
 * Decides which node we talk to: dials, follows leader hints, backs off, and comes back after a loss.
 *
 * One welcomed link at a time is `current`; while another node is dialled, the current one stays, because it may be
 * the first to tell us who leads. `isUsable` says whether the current node may be asked anything; otherwise it
 * only answers stale reads. Hints are followed at most `maxRedirects` deep before a pause; an election in
 * progress (no leader, a leader that refuses connections) is waited for. Leaves commands to `command-engine.ts`.
 */
import type { Answer, QuorateError } from '@quorate/wire';
import type { ClientEmitter } from './events.ts';
import { type LinkHandlers, NodeLink } from './node-link.ts';
import type { ClientSettings } from './options.ts';
import { Pause } from './pause.ts';
import { PlaceList } from './place-list.ts';

export type NavigatorOwner = {
  /** Is there anything that needs a node? Without work a lost connection is not replaced. */
  hasWork(): boolean;
  expectsAnswer(): boolean;
  /** The current link is another one, or its usability changed. */
  onNode(): void;
  /** The current link is gone: what was sent on it may have been executed. */
  onLost(): void;
  /** No node is connected from now on. */
  onUnreachable(): void;
  onAnswers(answers: readonly Answer[]): void;
};

/** Failed dials of the same leader, in a row, before the node at hand is asked to forward. */
const DIALS_BEFORE_FORWARDING = 3;

export class Navigator {
  readonly #settings: ClientSettings;
  readonly #owner: NavigatorOwner;
  readonly #events: ClientEmitter;
  readonly #pause: Pause;
  readonly #places: PlaceList;
  readonly #linkHandlers: LinkHandlers;
  #current: NodeLink | undefined = undefined;
  #dialing: NodeLink | undefined = undefined;
  #isUsable = false;
  #isForwarding = false;
  #hasProgress = false;
  /** Hints followed since the last pause or result. */
  #hops = 0;
  #isLedAround = false;
  #deadLeader = { node: 0, failures: 0 };
  #unreachableSinceMs: number | undefined = undefined;
  #isClosed = false;

  constructor(settings: ClientSettings, events: ClientEmitter, owner: NavigatorOwner) {
    this.#settings = settings;
    this.#events = events;
    this.#owner = owner;
    this.#pause = new Pause(settings, events, () => this.#onPauseOver());
    this.#places = new PlaceList(settings.endpoints);
    this.#linkHandlers = {
      onWelcome: (link) => this.#onWelcome(link),
      onAnswers: (link, answers) => {
        if (link === this.#current) owner.onAnswers(answers);
      },
      onLeader: (link) => this.#onLeader(link),
      onClosed: (link, reason) => this.#onClosed(link, reason),
      expectsAnswer: (link) => link === this.#current && owner.expectsAnswer(),
    };
  }

  /** The welcomed link, if there is one. */
  get current(): NodeLink | undefined {
    return this.#current;
  }

  /** May the current node be asked anything? If not, then only stale reads. */
  get isUsable(): boolean {
    return this.#isUsable;
  }

  /** A node that we ask because it leads is to refuse rather than forward: then we know and move. */
  get noForward(): boolean {
    return !this.#isForwarding;
  }

  /** Since when no node has been connected although one was needed; undefined while one is. */
  get unreachableSinceMs(): number | undefined {
    return this.#unreachableSinceMs;
  }

  /** Every endpoint that was tried in vain, with the reason: for the message of CANNOT_CONNECT. */
  describeFailures(): string {
    return this.#places.describeFailures();
  }

  /** Was any endpoint tried in vain, or have we only not been fast enough? */
  get hasFailures(): boolean {
    return this.#places.failures.length > 0;
  }

  /** What keeps us from asking a node: who says what of the leader, and whom we cannot reach. Empty when nothing does. */
  describeObstacle(): string {
    const current = this.#current;
    const failures = this.#places.failures;
    const unreachable = failures.length === 0 ? '' : `not reachable from here: ${failures.join(', ')}`;
    if (current === undefined) return unreachable === '' ? 'no node is connected yet' : unreachable;
    if (this.#isUsable) return unreachable;
    const hearsay =
      current.leader === 0
        ? `node ${current.node} at ${current.endpoint} knows no leader`
        : `node ${current.node} at ${current.endpoint} says that node ${current.leader} leads`;
    return unreachable === '' ? hearsay : `${hearsay}; ${unreachable}`;
  }

  /** True from when hints were followed as deep as allowed in vain until a usable node is found. */
  get isLedAround(): boolean {
    return this.#isLedAround;
  }

  /** The leader as the current node knows it; the node itself may be the one. */
  get leader(): { readonly node: number; readonly addr: string } | undefined {
    const node = this.#current?.leader ?? 0;
    const addr = this.#places.addrOf(node);
    return addr === undefined ? undefined : { node, addr };
  }

  /** Name of the nodes' backend, as the current node said; undefined before the first connection. */
  get backend(): string | undefined {
    return this.#current?.welcome?.backend;
  }

  /** True if the current node says of itself that it leads. */
  get isAtLeader(): boolean {
    return this.#current !== undefined && this.#current.leader === this.#current.node;
  }

  /** Sees to it that a usable node is there or on its way. */
  ensure(): void {
    if (this.#isUsable || this.#dialing !== undefined || this.#pause.isOn || this.#isClosed) return;
    if (this.#current === undefined) this.#dial(this.#places.next());
    else this.#steer(this.#current);
  }

  /** An answer with a result came: whatever trouble there was is over. */
  onProgress(): void {
    if (this.#hasProgress) return;
    this.#hasProgress = true;
    this.#pause.reset();
    this.#hops = 0;
  }

  /** The current node says that another one leads; 0: it does not know. */
  onRedirect(node: number, addr: string | undefined): void {
    const current = this.#current;
    if (current === undefined || !this.#settings.followLeader) return;
    if (addr !== undefined) this.#places.learn(node, addr);
    const leader = node === current.node ? 0 : node;
    if (!this.#isUsable && leader === current.leader) return;
    current.leader = leader;
    this.#onLeader(current);
  }

  /** The current node turned out not to lead. */
  onDoubt(): void {
    if (this.isAtLeader) this.onRedirect(0, undefined);
  }

  /** The current node is going away: ask another one. */
  onLeave(): void {
    if (this.#current === undefined || !this.#isUsable) return;
    this.#setUsable(false);
    this.#current.leader = 0;
    this.#pause.begin(`node ${this.#current.node} is stopping`);
  }

  /** Closes every connection. `politely`: with a closing frame; otherwise at once. */
  close(politely: boolean): void {
    this.#isClosed = true;
    this.#pause.cancel();
    this.#dialing?.destroy();
    this.#dialing = undefined;
    if (politely) this.#current?.release();
    else this.#current?.destroy();
    this.#dropCurrent('the client was closed');
  }

  #dial(place: string): void {
    if (this.#isClosed) return;
    if (this.#current === undefined && this.#unreachableSinceMs === undefined) {
      this.#unreachableSinceMs = this.#settings.clock.now();
      this.#owner.onUnreachable();
    }
    this.#dialing = new NodeLink(place, this.#settings, this.#linkHandlers);
  }

  #onWelcome(link: NodeLink): void {
    const { welcome } = link;
    if (welcome === undefined || link !== this.#dialing) return;
    const trouble = this.#places.onWelcome(link.endpoint, welcome);
    if (trouble !== undefined) {
      link.destroy();
      this.#onClosed(link, trouble);
      return;
    }
    this.#dialing = undefined;
    if (this.#current !== undefined) {
      this.#current.release();
      this.#dropCurrent(`moved to ${link.endpoint}`);
    }
    this.#current = link;
    this.#hasProgress = false;
    this.#unreachableSinceMs = undefined;
    this.#events.emit('connect', { endpoint: link.endpoint, node: link.node });
    this.#onLeader(link);
    this.#owner.onNode();
  }

  /** What the current node knows of the leader is new, or the node is. */
  #onLeader(link: NodeLink): void {
    if (link !== this.#current) return;
    const addr = this.#places.noteLeader(link.leader);
    if (addr !== undefined) this.#events.emit('leader', { node: link.leader, addr });
    if (!this.#settings.followLeader) {
      if (!this.#pause.isOn) this.#setUsable(true, this.#settings.forward);
    } else if (
      this.#dialing !== undefined &&
      (link.leader === 0 || this.#dialing.endpoint === this.#places.addrOf(link.leader))
    ) {
      this.#setUsable(false);
    } else {
      this.#pause.cancel();
      this.#dialing?.destroy();
      this.#dialing = undefined;
      this.#steer(link);
    }
  }

  /** Stay if any node will do or this one leads, go where it points, or wait if it does not know. */
  #steer(link: NodeLink): void {
    const { followLeader, forward, maxRedirects } = this.#settings;
    if (!followLeader || link.leader === link.node) {
      this.#setUsable(true, !followLeader && forward);
      return;
    }
    this.#setUsable(false);
    if (!this.#owner.hasWork()) return;
    const addr = this.#places.addrOf(link.leader);
    if (addr === undefined) {
      this.#pause.begin(`node ${link.node} knows no leader`);
    } else if (this.#hops >= maxRedirects) {
      this.#isLedAround = true;
      this.#pause.begin(`${maxRedirects} leader hints in a row led to no leader`);
    } else {
      this.#hops += 1;
      this.#dial(addr);
    }
  }

  #onClosed(link: NodeLink, reason: QuorateError): void {
    this.#places.fail(link.endpoint, reason.message);
    if (reason.code !== 'DISCONNECTED' && reason.code !== 'STOPPING') this.#events.emit('error', reason);
    if (link === this.#dialing) {
      this.#dialing = undefined;
      this.#onDialFailed(link.endpoint, reason.message);
    } else if (link === this.#current) {
      const hadProgress = this.#hasProgress;
      this.#dropCurrent(reason.message);
      this.#pause.cancel();
      if (this.#dialing !== undefined || !this.#owner.hasWork()) return;
      // A node that welcomes us and hangs up without one answer must not be able to keep us busy.
      if (hadProgress) this.#dial(this.#places.next(link.endpoint));
      else this.#pause.begin(`${link.endpoint}: ${reason.message}`);
    }
  }

  #onDialFailed(place: string, reason: string): void {
    if (this.#isUsable) return;
    const current = this.#current;
    if (current !== undefined && this.#settings.forward && this.#places.addrOf(current.leader) === place) {
      const failures = this.#deadLeader.node === current.leader ? this.#deadLeader.failures + 1 : 1;
      this.#deadLeader = { node: current.leader, failures };
      // A leader that just died is forgotten by its followers at once. One that they keep naming while we cannot
      // reach it is on the other side of a wall, and they must carry our commands.
      if (failures >= DIALS_BEFORE_FORWARDING) {
        this.#deadLeader = { node: 0, failures: 0 };
        this.#setUsable(true, true);
        return;
      }
    }
    this.#pause.begin(`${place}: ${reason}`);
  }

  #onPauseOver(): void {
    if (this.#isUsable || this.#dialing !== undefined || !this.#owner.hasWork()) return;
    this.#hops = 0;
    const place = this.#places.next(this.#current?.endpoint);
    if (this.#current !== undefined && place === this.#current.endpoint) this.#steer(this.#current);
    else this.#dial(place);
  }

  #setUsable(isUsable: boolean, isForwarding = false): void {
    if (isUsable) this.#isLedAround = false;
    if (isUsable === this.#isUsable && isForwarding === this.#isForwarding) return;
    this.#isUsable = isUsable;
    this.#isForwarding = isForwarding;
    this.#owner.onNode();
  }

  #dropCurrent(reason: string): void {
    const link = this.#current;
    if (link === undefined) return;
    this.#current = undefined;
    this.#isUsable = false;
    this.#owner.onLost();
    this.#events.emit('disconnect', { endpoint: link.endpoint, node: link.node, reason });
  }
}
