/**
 * What a client tells its owner besides answers, and the small typed emitter that carries it.
 *
 * Unlike Node's `EventEmitter`, an `error` event that nobody listens to is dropped: trouble that concerns a call
 * rejects the call, so an `error` event is only ever news. A listener that throws does not disturb the client;
 * its exception surfaces as an uncaught one, because it is a bug in the listener.
 */
import type { QuorateError } from '@quorate/wire';

export type ClientEvents = {
  /** A node welcomed us and is now the one that we talk to. */
  readonly connect: { readonly endpoint: string; readonly node: number };
  /** That connection is gone, or was left for the leader's. */
  readonly disconnect: { readonly endpoint: string; readonly node: number; readonly reason: string };
  /** Another node leads than before, as far as the nodes told us. */
  readonly leader: { readonly node: number; readonly addr: string };
  /** The client waits before it tries the next endpoint. `attempt` counts from 1 since the last success. */
  readonly reconnecting: { readonly attempt: number; readonly delayMs: number; readonly reason: string };
  /** Something is wrong that no single call can be blamed for, such as a node of another cluster. */
  readonly error: QuorateError;
  /** The client is closed; nothing follows. */
  readonly close: undefined;
};

export type ClientEventName = keyof ClientEvents;
export type ClientListener<Name extends ClientEventName> = (event: ClientEvents[Name]) => void;
type AnyListener = (event: never) => void;

export class ClientEmitter {
  /** In the order of `on`; the arrays are replaced, not changed, so that a listener may remove itself. */
  readonly #listeners = new Map<ClientEventName, readonly AnyListener[]>();
  /** Emits that are under way; a listener may cause another one. */
  #emitting = 0;

  /** True while listeners are called: whoever emits is in the middle of something. */
  get isEmitting(): boolean {
    return this.#emitting > 0;
  }

  on<Name extends ClientEventName>(name: Name, listener: ClientListener<Name>): void {
    this.#listeners.set(name, [...(this.#listeners.get(name) ?? []), listener]);
  }

  off<Name extends ClientEventName>(name: Name, listener: ClientListener<Name>): void {
    const left = (this.#listeners.get(name) ?? []).filter((other) => other !== listener);
    this.#listeners.set(name, left);
  }

  emit<Name extends ClientEventName>(name: Name, event: ClientEvents[Name]): void {
    this.#emitting += 1;
    for (const listener of this.#listeners.get(name) ?? []) {
      try {
        (listener as ClientListener<Name>)(event);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
    this.#emitting -= 1;
  }
}
