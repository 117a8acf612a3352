/**
 * The client's session: opened before the first command that may write, kept over connections and leaders, opened
 * anew when the cluster has forgotten it, closed at the end.
 *
 * A lost request to open costs at worst a session that nobody uses, which the cluster lets expire; so each try has
 * its own sequence and late answers are ignored. Leaves retrying and redirects to `command-engine.ts`.
 */
import { type Answer, encodeClientFrame } from '@quorate/wire';
import type { NodeLink } from './node-link.ts';

export class SessionKeeper {
  /** 0: none. */
  #session = 0;
  /** Sequence of the request that we wait for; 0: none. */
  #awaited = 0;
  #onClosed: (() => void) | undefined = undefined;
  /** True after a refusal, until the retry timer or another node gives leave to try again. */
  isHeld = false;

  get session(): number {
    return this.#session;
  }

  get isAwaiting(): boolean {
    return this.#awaited !== 0;
  }

  open(link: NodeLink, sequence: number, timeoutMs: number, noForward: boolean): void {
    this.#awaited = sequence;
    link.send(encodeClientFrame({ kind: 'open-session', sequence, timeoutMs, noForward }));
  }

  /** Tells the cluster that it can forget the session; `onClosed` comes with the answer or with the loss of the link. */
  close(link: NodeLink, sequence: number, onClosed: () => void): void {
    this.#awaited = sequence;
    this.#onClosed = onClosed;
    link.send(encodeClientFrame({ kind: 'close-session', sequence, session: this.#session }));
    this.#session = 0;
  }

  /** True if the answer was ours. A refusal is then for the caller to judge. */
  onAnswer(answer: Answer): boolean {
    if (this.#awaited === 0 || answer.sequence !== this.#awaited) return false;
    this.#awaited = 0;
    if (this.#onClosed !== undefined) this.#finishClosing();
    else if (answer.kind === 'session') this.#session = answer.session;
    return true;
  }

  /** The cluster does not know this session any more. */
  onExpired(session: number): void {
    if (session === this.#session) this.#session = 0;
  }

  /** The link is gone, and with it the answer. */
  onLost(): void {
    this.#awaited = 0;
    this.isHeld = false;
    if (this.#onClosed !== undefined) this.#finishClosing();
  }

  #finishClosing(): void {
    const onClosed = this.#onClosed;
    this.#onClosed = undefined;
    onClosed?.();
  }
}
