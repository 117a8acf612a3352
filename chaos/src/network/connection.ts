/**
 * One connection through the proxy: a socket that was accepted, one that is dialled, and a pipe for each direction.
 *
 * While one of the two directions is held the target is not dialled: the packets that would open a connection are lost
 * like all others, and whoever dials waits.
 */
import { connect, type Socket } from 'node:net';
import type { Direction } from './direction.ts';
import { Pipe } from './pipe.ts';

/** Between the write of a torn piece and the reset: the kernel on the other side has taken the piece by then. */
const TEAR_DELAY_MS = 5;

export type Target = { readonly host: string; readonly port: number };

export class Connection {
  /** Once, when both sockets are gone. */
  onClosed: () => void = () => undefined;
  readonly #near: Socket;
  readonly #target: Target;
  readonly #out: Direction;
  readonly #back: Direction;
  readonly #forget: readonly (() => void)[];
  #far: Socket | undefined;
  #pipes: readonly Pipe[] = [];
  #isDead = false;

  constructor(near: Socket, target: Target, out: Direction, back: Direction) {
    this.#near = near;
    this.#target = target;
    this.#out = out;
    this.#back = back;
    near.setNoDelay(true);
    near.on('error', ignore);
    near.on('close', () => this.#checkClosed());
    this.#forget = [out, back].map((direction) => direction.onChange(() => this.#dialWhenPossible()));
    if (out.isHeld || back.isHeld) out.affectedPieces += 1;
    this.#dialWhenPossible();
  }

  /** Both ends hear at once that the connection is gone. */
  reset(): void {
    if (this.#isDead) return;
    this.#isDead = true;
    this.#near.resetAndDestroy();
    this.#far?.resetAndDestroy();
    this.#checkClosed();
  }

  /** The next piece of one direction passes in part only, then both ends are reset. */
  tear(direction: 'out' | 'back', share: () => number): void {
    const pipe = this.#pipes[direction === 'out' ? 0 : 1];
    if (pipe === undefined) return;
    pipe.onTorn = () => {
      setTimeout(() => this.reset(), TEAR_DELAY_MS);
    };
    pipe.tear(share);
  }

  #dialWhenPossible(): void {
    if (this.#far !== undefined || this.#isDead || this.#out.isHeld || this.#back.isHeld) return;
    if (this.#near.destroyed) return;
    const far = connect({ ...this.#target, allowHalfOpen: true, noDelay: true });
    this.#far = far;
    far.on('error', ignore);
    far.on('close', () => this.#checkClosed());
    const out = new Pipe(this.#near, far, this.#out);
    const back = new Pipe(far, this.#near, this.#back);
    this.#pipes = [out, back];
    far.once('connect', () => {
      out.open();
      back.open();
    });
    // A target that refuses is heard of by the dialler as a reset, unless that direction is held by then.
    far.once('close', () => back.open());
  }

  #checkClosed(): void {
    const isFarGone = this.#far === undefined || this.#far.destroyed;
    if (!this.#near.destroyed || !isFarGone) return;
    this.#isDead = true;
    for (const forget of this.#forget) forget();
    this.onClosed();
    this.onClosed = ignore;
  }
}

/** A socket always tells its end by 'close' as well. */
function ignore(): void {
  // Nothing to add.
}
