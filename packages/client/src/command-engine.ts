/**
 * The life of a command: admitted or refused, sent when its turn comes, sent again under the same sequence until an
 * answer settles it, given up when its time is over. Every call settles exactly once.
 *
 * Owns the retry timer and the deadlines. Leaves the choice of the node to `navigator.ts`, frames to `outbound.ts`
 * and the judgement of error codes to `verdict.ts`.
 */
import { QuorateError, type Answer } from '@quorate/wire';
import { Backoff } from './backoff.ts';
import type { TimerHandle } from './clock.ts';
import { CommandSlab } from './command-slab.ts';
import type { ClientEmitter } from './events.ts';
import { aborted, cannotConnect, closed, redirectedTooOften, refusedBy, timedOut, tooLarge, type ErrorAnswer } from './failures.ts';
import { Navigator, type NavigatorOwner } from './navigator.ts';
import { callTimeoutMs, SESSION_WINDOW_COMMANDS, type ClientSettings, type ReadOptions } from './options.ts';
import { answerMarginMs, Outbound } from './outbound.ts';
import { PendingCommand } from './pending.ts';
import { PendingWindow } from './pending-window.ts';
import type { Shape } from './results.ts';
import { SessionKeeper } from './session-keeper.ts';
import { verdictOn } from './verdict.ts';
import { WakeUp } from './wake-up.ts';

export class CommandEngine implements NavigatorOwner {
  readonly navigator: Navigator;
  readonly #settings: ClientSettings;
  readonly #window: PendingWindow;
  readonly #slab: CommandSlab = new CommandSlab();
  readonly #sessions: SessionKeeper = new SessionKeeper();
  readonly #outbound: Outbound;
  readonly #deadlines: WakeUp;
  readonly #retryBackoff: Backoff;
  #retryTimer: TimerHandle | undefined = undefined;
  #pendingBytes = 0;
  #isFlushScheduled = false;
  /** The time of this turn of the event loop; valid while a flush is scheduled. */
  #turnMs = 0;
  #isClosed = false;
  #onIdle: (() => void) | undefined = undefined;

  constructor(settings: ClientSettings, events: ClientEmitter) {
    this.#settings = settings;
    this.#window = new PendingWindow(SESSION_WINDOW_COMMANDS + settings.maxInFlight + settings.maxQueued);
    this.#retryBackoff = new Backoff(settings.backoffMinMs, settings.backoffMaxMs, settings.random);
    this.#deadlines = new WakeUp(settings.clock, () => this.#sweep());
    this.navigator = new Navigator(settings, events, this);
    this.#outbound = new Outbound(settings, this.#window, this.#sessions, this.navigator, (command, limit) =>
      this.#reject(command, tooLarge(command, limit)),
    );
  }

  /** Commands sent and not answered. */
  get inFlight(): number {
    return this.#outbound.inFlight;
  }

  /** Calls that are not settled, in flight or not. */
  get pending(): number {
    return this.#window.count;
  }

  /** `write` puts the command's bytes into the slab. Never throws: what is wrong with a call rejects it. */
  call<T>(shape: Shape<T>, options: ReadOptions | undefined, write: (slab: CommandSlab, command: PendingCommand) => void): Promise<T> {
    this.#scheduleFlush();
    try {
      const command = this.#admit(shape, options);
      this.#window.add(command);
      try {
        write(this.#slab, command);
        this.#checkBytes(command);
      } catch (error) {
        this.#window.remove(command);
        throw error;
      }
      this.#pendingBytes += command.bytes;
      this.#deadlines.by(command.deadlineMs);
      if (this.navigator.unreachableSinceMs !== undefined) this.#deadlines.by(this.#dueMs(command));
      if (options?.signal !== undefined) this.#listen(command, options.signal);
      return command.promise as Promise<T>;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Admits nothing from now on; resolves when every call is settled, or after `timeoutMs` with the rest rejected. */
  async drain(timeoutMs: number): Promise<void> {
    this.#isClosed = true;
    if (this.#window.count === 0) return;
    const { clock } = this.#settings;
    let timer: TimerHandle;
    await new Promise<void>((resolve) => {
      this.#onIdle = resolve;
      timer = clock.setTimer(() => this.rejectAll(), timeoutMs);
    });
    clock.clearTimer(timer);
  }

  /** Lets the cluster forget our session; resolves with its answer, or after `timeoutMs` without. */
  async closeSession(timeoutMs: number): Promise<void> {
    const link = this.navigator.current;
    if (link === undefined || this.#sessions.session === 0) return;
    const { clock } = this.#settings;
    let timer: TimerHandle;
    await new Promise<void>((resolve) => {
      timer = clock.setTimer(resolve, timeoutMs);
      this.#sessions.close(link, this.#window.takeSequence(), resolve);
    });
    clock.clearTimer(timer);
  }

  /** Admits nothing from now on, gives up every call with CLOSED, and stops every timer. */
  rejectAll(): void {
    this.#isClosed = true;
    this.#window.forEach((command) => this.#reject(command, closed(command)));
    this.#deadlines.cancel();
    if (this.#retryTimer !== undefined) this.#settings.clock.clearTimer(this.#retryTimer);
    this.#retryTimer = undefined;
  }

  hasWork(): boolean {
    return this.#window.count > 0;
  }

  expectsAnswer(): boolean {
    return this.#outbound.inFlight > 0 || this.#sessions.isAwaiting;
  }

  onNode(): void {
    if (this.navigator.isUsable) this.#releaseHeld();
    this.#outbound.rescan();
    if (this.#window.count > 0) this.#scheduleFlush();
  }

  onLost(): void {
    this.#sessions.onLost();
    this.#window.forEach((command) => {
      if (command.state !== 'sent') return;
      this.#outbound.free(command);
      command.maybeExecuted = true;
      command.state = 'waiting';
    });
    this.#outbound.rescan();
    if (this.#window.count > 0) this.#scheduleFlush();
  }

  onUnreachable(): void {
    this.#deadlines.by(this.#settings.clock.now() + this.#settings.connectTimeoutMs);
  }

  onAnswers(answers: readonly Answer[]): void {
    let hasResult = false;
    for (const answer of answers) {
      const command = this.#window.at(answer.sequence);
      if (command === undefined || command.state !== 'sent') this.#onSessionAnswer(answer);
      else if (answer.kind === 'error') this.#onRefusal(command, answer);
      else if (answer.kind === 'result') {
        hasResult = true;
        this.#settle(command);
        try {
          command.resolve(command.shape.convert(answer.result, answer.slot));
        } catch (error) {
          command.reject(error);
        }
      }
    }
    if (!hasResult) return;
    this.navigator.onProgress();
    this.#retryBackoff.reset();
  }

  /** @throws CLOSED, ABORTED, ARGUMENT or OVERLOADED, all with outcome 'none'. */
  #admit(shape: Shape<unknown>, options: ReadOptions | undefined): PendingCommand {
    if (this.#isClosed) throw new QuorateError('CLOSED', 'the client is closed');
    const { maxInFlight, maxQueued } = this.#settings;
    if (this.#window.count >= maxInFlight + maxQueued || this.#window.isFull) {
      throw new QuorateError('OVERLOADED', `${maxQueued} commands wait already; this one was not sent`, { details: { maxQueued } });
    }
    if (options === undefined) return new PendingCommand(shape, false, this.#turnMs, this.#settings.timeoutMs);
    const { consistency, signal, timeoutMs } = options;
    if (consistency !== undefined && consistency !== 'linearizable' && consistency !== 'stale') {
      throw new QuorateError('ARGUMENT', `consistency must be linearizable or stale, not ${String(consistency)}`);
    }
    if (signal?.aborted === true) {
      throw new QuorateError('ABORTED', 'the call was aborted before it was sent', { outcome: 'none', cause: signal.reason });
    }
    return new PendingCommand(shape, consistency === 'stale', this.#turnMs, callTimeoutMs(timeoutMs, this.#settings));
  }

  #checkBytes(command: PendingCommand): void {
    const { maxPendingBytes } = this.#settings;
    if (this.#pendingBytes + command.bytes <= maxPendingBytes) return;
    throw new QuorateError('OVERLOADED', `commands of ${this.#pendingBytes} bytes are pending; this one was not sent`, {
      details: { maxPendingBytes },
    });
  }

  #listen(command: PendingCommand, signal: AbortSignal): void {
    const onAbort = (): void => this.#reject(command, aborted(command, signal.reason));
    signal.addEventListener('abort', onAbort);
    command.forgetSignal = () => signal.removeEventListener('abort', onAbort);
  }

  /** All commands of a turn go out together, after the sockets of that turn have been read. */
  #scheduleFlush(): void {
    if (this.#isFlushScheduled) return;
    this.#isFlushScheduled = true;
    this.#turnMs = this.#settings.clock.now();
    setImmediate(this.#flush);
  }

  readonly #flush = (): void => {
    this.#isFlushScheduled = false;
    if (this.#window.count === 0) return;
    this.navigator.ensure();
    const link = this.navigator.current;
    if (link !== undefined) this.#outbound.flush(link, this.#turnMs);
  };

  #onRefusal(command: PendingCommand, answer: ErrorAnswer): void {
    this.#outbound.free(command);
    command.state = 'waiting';
    command.lastRefusal = answer;
    const verdict = verdictOn(answer.code);
    if (answer.outcome === 'unknown' && verdict !== 'new-session') command.maybeExecuted = true;
    switch (verdict) {
      case 'reject':
        return this.#reject(command, refusedBy(answer, command));
      case 'retry':
        return this.#retryInTime(command, answer);
      case 'redirect':
        return this.#redirect(command, answer);
      case 'doubt':
        this.#hold(command);
        if (this.#settings.followLeader) this.navigator.onDoubt();
        return;
      case 'leave':
        this.#hold(command);
        return this.navigator.onLeave();
      case 'new-session':
        return this.#onExpired(command, answer);
      default:
        return verdict satisfies never;
    }
  }

  /** A node that dropped the command because its time is over is believed: there is no time for another try. */
  #retryInTime(command: PendingCommand, answer: ErrorAnswer): void {
    const timeoutMs = command.deadlineMs - command.issuedAtMs;
    const isLate = command.deadlineMs - this.#settings.clock.now() <= 2 * answerMarginMs(timeoutMs);
    if (answer.code === 'TIMEOUT' && isLate) this.#expire(command);
    else this.#hold(command);
  }

  #redirect(command: PendingCommand, answer: ErrorAnswer): void {
    const { followLeader, forward, maxRedirects } = this.#settings;
    const { leader, addr } = answer.details;
    const node = typeof leader === 'number' ? leader : 0;
    if (!followLeader) {
      if (forward) this.#hold(command);
      else this.#reject(command, refusedBy(answer, command));
      return;
    }
    if (node !== 0) command.redirects += 1;
    if (command.redirects > maxRedirects) this.#reject(command, redirectedTooOften(command, maxRedirects));
    else this.#hold(command);
    this.navigator.onRedirect(node, typeof addr === 'string' ? addr : undefined);
  }

  /**
   * The answering attempt did not execute the command. If no earlier one may have, it is as good as new; otherwise
   * a new session would not know it, and sending it there could execute it twice.
   */
  #onExpired(command: PendingCommand, answer: ErrorAnswer): void {
    this.#sessions.onExpired(command.session);
    if (command.maybeExecuted || !command.needsSession) this.#reject(command, refusedBy({ ...answer, outcome: 'unknown' }, command));
    else this.#hold(command);
  }

  #onSessionAnswer(answer: Answer): void {
    if (!this.#sessions.onAnswer(answer)) return;
    if (answer.kind === 'error') this.#onSessionRefusal(answer);
    this.#outbound.rescan();
    this.#scheduleFlush();
  }

  /** The session was refused: what waits for it meets the same fate as if it had been refused itself. */
  #onSessionRefusal(answer: ErrorAnswer): void {
    this.#sessions.isHeld = true;
    this.#armRetry();
    this.#window.forEach((command) => {
      const waits = command.state === 'waiting' && command.needsSession && !command.maybeExecuted;
      if (!waits) return;
      command.lastRefusal = answer;
      const verdict = verdictOn(answer.code);
      if (verdict === 'reject') this.#reject(command, refusedBy({ ...answer, outcome: 'none' }, command));
      else if (verdict === 'redirect') this.#redirect(command, answer);
      else if (verdict === 'doubt' && this.#settings.followLeader) this.navigator.onDoubt();
      else if (verdict === 'leave') this.navigator.onLeave();
    });
  }

  #hold(command: PendingCommand): void {
    command.state = 'held';
    this.#armRetry();
  }

  #armRetry(): void {
    this.#retryTimer ??= this.#settings.clock.setTimer(() => {
      this.#retryTimer = undefined;
      this.#releaseHeld();
      this.#scheduleFlush();
    }, this.#retryBackoff.next());
  }

  #releaseHeld(): void {
    this.#sessions.isHeld = false;
    this.#window.forEach((command) => {
      if (command.state === 'held') command.state = 'waiting';
    });
    this.#outbound.rescan();
  }

  /** When the command is to be given up. One that was never sent does not wait long for a connection. */
  #dueMs(command: PendingCommand): number {
    const sinceMs = this.navigator.unreachableSinceMs;
    if (sinceMs === undefined || command.attempts > 0) return command.deadlineMs;
    return Math.min(command.deadlineMs, Math.max(command.issuedAtMs, sinceMs) + this.#settings.connectTimeoutMs);
  }

  #sweep(): void {
    const nowMs = this.#settings.clock.now();
    let nextMs = Number.POSITIVE_INFINITY;
    this.#window.forEach((command) => {
      const dueMs = this.#dueMs(command);
      if (dueMs <= nowMs) this.#expire(command);
      else if (dueMs < nextMs) nextMs = dueMs;
    });
    if (nextMs !== Number.POSITIVE_INFINITY) this.#deadlines.by(nextMs);
  }

  #expire(command: PendingCommand): void {
    const { navigator } = this;
    const isCutOff = command.attempts === 0 && navigator.unreachableSinceMs !== undefined;
    if (isCutOff) this.#reject(command, cannotConnect(navigator.describeFailures()));
    else this.#reject(command, timedOut(command, this.#settings.maxRedirects, navigator.isLedAround));
  }

  #reject(command: PendingCommand, error: QuorateError): void {
    this.#settle(command);
    command.reject(error);
  }

  #settle(command: PendingCommand): void {
    if (command.state === 'sent') this.#outbound.free(command);
    command.state = 'settled';
    command.forgetSignal?.();
    this.#pendingBytes -= command.bytes;
    this.#window.remove(command);
    if (this.#outbound.hasMore) this.#scheduleFlush();
    if (this.#window.count === 0) this.#onIdle?.();
  }
}
