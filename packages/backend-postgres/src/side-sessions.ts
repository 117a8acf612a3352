/**
 * Sessions beside the writer's: made when first asked for, made anew after they broke; they end with the
 * signal. None of them writes user data.
 */
import type { BackendUnavailable } from '@quorate/core/ports';
import { Session, type SessionOptions } from './session.ts';

/** 'read' answers queries and only reads; 'care' flushes, looks at the catalog and asks after the server's health. */
export type Side = 'read' | 'care';

export type ExtraOptions = { readonly copies?: boolean; readonly isLong?: boolean };

export class SideSessions {
  readonly #options: Omit<SessionOptions, 'purpose' | 'settings'>;
  readonly #readTimeoutMs: number;
  /** The server keeps to the time of a read itself, as long as it can be reached; the embedded one has other things to do first. */
  readonly #limit: { readonly answerTimeoutMs?: number };
  readonly #sessions = new Map<Side, Promise<Session>>();

  constructor(options: Omit<SessionOptions, 'purpose' | 'settings'>, readTimeoutMs: number) {
    this.#options = options;
    this.#readTimeoutMs = readTimeoutMs;
    this.#limit = 'url' in options.link ? { answerTimeoutMs: readTimeoutMs + options.connectTimeoutMs } : {};
  }

  /** @throws BackendUnavailable */
  async get(side: Side): Promise<Session> {
    const known = await this.#sessions.get(side)?.catch((_error: BackendUnavailable) => undefined);
    if (known?.isBroken === false) return known;
    const connecting = this.#connect(side);
    this.#sessions.set(side, connecting);
    return connecting;
  }

  /** One more session that only reads, for whoever asks; they close it. What may take hours has no time limit. */
  extra(purpose: string, { copies = false, isLong = false }: ExtraOptions = {}): Promise<Session> {
    const settings = { default_transaction_read_only: 'on' };
    const limit = isLong ? {} : this.#limit;
    return Session.connect({ ...this.#options, ...limit, purpose, copies, settings });
  }

  async #connect(side: Side): Promise<Session> {
    const settings =
      side === 'read'
        ? {
            default_transaction_read_only: 'on',
            default_transaction_isolation: 'repeatable read',
            statement_timeout: `${this.#readTimeoutMs}ms`,
          }
        : { synchronous_commit: 'on' };
    return Session.connect({
      ...this.#options,
      ...this.#limit,
      purpose: side,
      settings,
    });
  }
}
