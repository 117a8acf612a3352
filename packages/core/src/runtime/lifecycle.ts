/**
 * Whether a node is at work, and how it ends: because it was told to (`stop`, then `halt`), or on its own account (`die`)
 * when the journal fails or an invariant is broken. After its end nothing is taken in, sent or answered.
 */
import { QuorateError } from '@quorate/wire';
import type { Logger } from '../ports/logger.ts';
import { InvariantError } from '../protocol/invariant.ts';
import type { ReplicaView } from '../protocol/replica-types.ts';
import { isJournalFailure } from './journal-failure.ts';

/** What a broken invariant writes into the log of what the replica knew, in characters. */
const MAX_DUMP_CHARS = 4000;

export type LifecycleHost = {
  readonly logger: Logger;
  /** What the replica knows, for the dump. */
  view(): ReplicaView;
  /** No more timers, and nothing more is asked of the backend. */
  quiesce(): void;
  closeClients(): void;
  onFatal(error: QuorateError): void;
};

export class Lifecycle {
  readonly #host: LifecycleHost;
  #state: 'running' | 'stopping' | 'stopped' | 'dead' = 'running';
  #whenIdle: (() => void) | undefined;

  constructor(host: LifecycleHost) {
    this.#host = host;
  }

  get state(): string {
    return this.#state;
  }

  get isRunning(): boolean {
    return this.#state === 'running';
  }

  get isOver(): boolean {
    return this.#state === 'dead' || this.#state === 'stopped';
  }

  /** Somebody waits to hear that nothing is under way any more. */
  get awaitsIdle(): boolean {
    return this.#state === 'stopping' && this.#whenIdle !== undefined;
  }

  /** Begins a graceful stop; `done` is called by `settle`. False when the node is no longer at work. */
  stop(done: () => void): boolean {
    if (this.#state !== 'running') return false;
    this.#state = 'stopping';
    this.#whenIdle = done;
    return true;
  }

  /** Nothing is under way any more. */
  settle(): void {
    const done = this.#whenIdle;
    this.#whenIdle = undefined;
    done?.();
  }

  halt(): void {
    if (this.isOver) return;
    this.#host.quiesce();
    this.#host.closeClients();
    this.#state = 'stopped';
  }

  die(error: QuorateError): void {
    if (this.isOver) return;
    this.#state = 'dead';
    this.#host.quiesce();
    this.#host.onFatal(error);
    this.settle(); // Whoever waits for a graceful stop waits no longer: nothing will come any more.
  }

  /** A journal that fails ends the node, and so does a broken invariant; anything else thrown here is our bug as well. */
  guard(work: () => void): void {
    if (this.isOver) return;
    try {
      work();
    } catch (error) {
      if (isJournalFailure(error)) return this.die(error);
      this.die(this.#brokenInvariant(error));
    }
  }

  #brokenInvariant(error: unknown): QuorateError {
    const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
    const name = error instanceof InvariantError ? error.invariant : 'unexpected';
    const view = JSON.stringify(this.#host.view(), (_, value: unknown) =>
      value instanceof Uint8Array ? `<${value.length} bytes>` : value,
    );
    this.#host.logger.error('a broken invariant stops this node', {
      invariant: name,
      detail,
      view: view.slice(0, MAX_DUMP_CHARS),
    });
    return new QuorateError('INVARIANT', error instanceof Error ? error.message : String(error), {
      cause: error,
      details: { name },
    });
  }
}
