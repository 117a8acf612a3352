/**
 * Acts on answers that are errors: tells the caller, holds the command for another try, or turns the navigator to
 * another node, as `verdict.ts` says. Keeps the command's record of what may have been executed.
 */

import type { QuorateError } from '@quorate/wire';
import { type ErrorAnswer, redirectedTooOften, refusedBy } from './failures.ts';
import type { Navigator } from './navigator.ts';
import type { ClientSettings } from './options.ts';
import { answerMarginMs } from './outbound.ts';
import type { PendingCommand } from './pending.ts';
import type { PendingWindow } from './pending-window.ts';
import type { RetryGate } from './retry-gate.ts';
import type { SessionKeeper } from './session-keeper.ts';
import { verdictOn } from './verdict.ts';

export type RefusalHost = {
  readonly settings: ClientSettings;
  readonly window: PendingWindow;
  readonly sessions: SessionKeeper;
  readonly navigator: Navigator;
  readonly gate: RetryGate;
  reject(command: PendingCommand, error: QuorateError): void;
  /** Gives the command up as if its time were over. */
  expire(command: PendingCommand): void;
};

export class RefusalDesk {
  readonly #host: RefusalHost;

  constructor(host: RefusalHost) {
    this.#host = host;
  }

  /** The command was `sent` and is `waiting` again. */
  onRefusal(command: PendingCommand, answer: ErrorAnswer): void {
    const { gate, navigator, settings } = this.#host;
    const verdict = verdictOn(answer.code);
    command.lastRefusal = answer;
    if (answer.outcome === 'unknown' && verdict !== 'new-session') command.maybeExecuted = true;
    switch (verdict) {
      case 'reject':
        return this.#host.reject(command, refusedBy(answer, command));
      case 'retry':
        return this.#retryInTime(command, answer);
      case 'redirect':
        return this.#redirect(command, answer);
      case 'doubt':
        gate.hold(command);
        return settings.followLeader ? navigator.onDoubt() : undefined;
      case 'leave':
        gate.hold(command);
        return navigator.onLeave();
      case 'new-session':
        return this.#onExpired(command, answer);
      default:
        return verdict satisfies never;
    }
  }

  /** No session could be opened: what waits for one meets the fate that it would have met itself. */
  onSessionRefusal(answer: ErrorAnswer): void {
    const { gate, navigator, settings, window } = this.#host;
    const verdict = verdictOn(answer.code);
    gate.holdSession();
    window.forEach((command) => {
      const waits = command.state === 'waiting' && command.needsSession && !command.maybeExecuted;
      if (!waits) return;
      command.lastRefusal = answer;
      if (verdict === 'reject')
        this.#host.reject(command, refusedBy({ ...answer, outcome: 'none' }, command));
      else if (verdict === 'redirect') this.#redirect(command, answer);
    });
    if (verdict === 'doubt' && settings.followLeader) navigator.onDoubt();
    if (verdict === 'leave') navigator.onLeave();
  }

  /** A node that dropped the command because its time is over is believed: there is no time for another try. */
  #retryInTime(command: PendingCommand, answer: ErrorAnswer): void {
    const { clock } = this.#host.settings;
    const marginMs = answerMarginMs(command.deadlineMs - command.issuedAtMs);
    const isLate = command.deadlineMs - clock.now() <= 2 * marginMs;
    if (answer.code === 'TIMEOUT' && isLate) this.#host.expire(command);
    else this.#host.gate.hold(command);
  }

  #redirect(command: PendingCommand, answer: ErrorAnswer): void {
    const { gate, navigator, settings } = this.#host;
    const { leader, addr } = answer.details;
    if (!settings.followLeader) {
      if (settings.forward) gate.hold(command);
      else this.#host.reject(command, refusedBy(answer, command));
      return;
    }
    const node = typeof leader === 'number' ? leader : 0;
    if (node !== 0) command.redirects += 1;
    if (command.redirects > settings.maxRedirects)
      this.#host.reject(command, redirectedTooOften(command, settings.maxRedirects));
    else gate.hold(command);
    navigator.onRedirect(node, typeof addr === 'string' ? addr : undefined);
  }

  /**
   * The attempt that was answered did not execute the command. If no earlier one may have, it is as good as new;
   * otherwise a new session would not know it, and sending it there could execute it twice.
   */
  #onExpired(command: PendingCommand, answer: ErrorAnswer): void {
    this.#host.sessions.onExpired(command.session);
    if (command.needsSession && !command.maybeExecuted) this.#host.gate.hold(command);
    else this.#host.reject(command, refusedBy({ ...answer, outcome: 'unknown' }, command));
  }
}
