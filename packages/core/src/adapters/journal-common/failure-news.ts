/** Tells of the failure of a journal: the first one, once, and never inside the call that met it. */
import type { QuorateError } from '@quorate/wire';

export class FailureNews {
  readonly #defer: (callback: () => void) => void;
  #hear: ((error: QuorateError) => void) | undefined;
  #failure: QuorateError | undefined;

  /** `defer` runs a callback soon, but not at once. */
  constructor(defer: (callback: () => void) => void) {
    this.#defer = defer;
  }

  /** Also when it has failed already. */
  listen(hear: (error: QuorateError) => void): void {
    this.#hear = hear;
    this.#tellLater();
  }

  failed(failure: QuorateError): void {
    if (this.#failure !== undefined) return;
    this.#failure = failure;
    this.#tellLater();
  }

  #tellLater(): void {
    const failure = this.#failure;
    const hear = this.#hear;
    if (failure !== undefined && hear !== undefined) this.#defer(() => hear(failure));
  }
}
