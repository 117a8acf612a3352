/**
 * The life of a command: admitted or refused, sent when its turn comes, sent again under the same sequence until an
 * answer settles it, given up when its time is over. Every call settles exactly once.
 *
 * Puts the parts together: `navigator.ts` chooses the node, `outbound.ts` makes frames, `refusal-desk.ts` acts on
 * errors, `retry-gate.ts` and `deadline-watch.ts` own the timers.
 */
import { type Answer, QuorateError } from '@quorate/wire';
import { AbortWatch } from './abort-watch.ts';
import { type CommandPart, CommandSlab } from './command-slab.ts';
import { DeadlineWatch } from './deadline-watch.ts';
import type { ClientEmitter } from './events.ts';
import { aborted, cannotConnect, closed, timedOut, tooLarge, wrongEcho } from './failures.ts';
import { Navigator, type NavigatorOwner } from './navigator.ts';
import { type ClientSettings, callTimeoutMs, type ReadOptions, SESSION_WINDOW_COMMANDS } from './options.ts';
import { Outbound } from './outbound.ts';
import { PendingCommand, type ResultAnswer } from './pending.ts';
import { PendingWindow } from './pending-window.ts';
import { RefusalDesk } from './refusal-desk.ts';
import type { Shape } from './results.ts';
import { RetryGate } from './retry-gate.ts';
import { SessionKeeper } from './session-keeper.ts';

/**
 * When so many bytes of commands have come in one turn, they are sent before it ends: the node then works on them while
 * the caller makes more. Half of what a thousand small commands are; with smaller pieces the nodes do more work for each.
 */
const EARLY_FLUSH_BYTES = 80 * 1024;

export class CommandEngine implements NavigatorOwner {
  readonly navigator: Navigator;
  readonly #settings: ClientSettings;
  readonly #events: ClientEmitter;
  readonly #window: PendingWindow;
  readonly #slab: CommandSlab = new CommandSlab();
  readonly #sessions: SessionKeeper = new SessionKeeper();
  readonly #outbound: Outbound;
  readonly #aborts: AbortWatch = new AbortWatch((command, reason) =>
    this.#reject(command, aborted(command, reason)),
  );
  readonly #gate: RetryGate;
  readonly #deadlines: DeadlineWatch;
  readonly #refusals: RefusalDesk;
  #pendingBytes = 0;
  #isFlushScheduled = false;
  /** Bytes of the commands that came since the last flush. */
  #gatheredBytes = 0;
  /** The time of this turn of the event loop, in whole milliseconds; valid while a flush is scheduled. */
  #turnMs = 0;
  #isClosed = false;
  /** Called when no call is pending any more. */
  #onIdle: (() => void) | undefined = undefined;

  constructor(settings: ClientSettings, events: ClientEmitter) {
    this.#settings = settings;
    this.#events = events;
    const window = new PendingWindow(SESSION_WINDOW_COMMANDS + settings.maxInFlight + settings.maxQueued);
    const navigator = new Navigator(settings, events, this);
    const sessions = this.#sessions;
    const reject = (command: PendingCommand, error: QuorateError): void => this.#reject(command, error);
    const expire = (command: PendingCommand): void => this.#expire(command);
    this.#window = window;
    this.navigator = navigator;
    this.#outbound = new Outbound(settings, window, sessions, navigator, (command, maxBytes) =>
      this.#reject(command, tooLarge(command, maxBytes)),
    );
    this.#gate = new RetryGate(settings, window, sessions, () => this.#rescan());
    this.#deadlines = new DeadlineWatch(settings, window, () => navigator.unreachableSinceMs, expire);
    this.#refusals = new RefusalDesk({
      settings,
      window,
      sessions,
      navigator,
      gate: this.#gate,
      reject,
      expire,
    });
  }

  /** Commands sent and not answered. */
  get inFlight(): number {
    return this.#outbound.inFlight;
  }

  /** Calls that are not settled, in flight or not. */
  get pending(): number {
    return this.#window.count;
  }

  /** `input` as `CommandSlab` takes it, whose bytes are copied. Never throws: what is wrong with a call rejects it. */
  call<T>(
    shape: Shape<T>,
    options: ReadOptions | undefined,
    input: string | readonly CommandPart[],
  ): Promise<T> {
    this.#scheduleFlush();
    try {
      const command = this.#admit(shape, options);
      this.#window.add(command);
      try {
        this.#slab.write(command, input);
        this.#checkBytes(command);
      } catch (error) {
        this.#window.remove(command);
        throw error;
      }
      this.#pendingBytes += command.bytes;
      this.#deadlines.note(command);
      if (options?.signal !== undefined) this.#aborts.watch(command, options.signal);
      this.#gatheredBytes += command.bytes;
      // A listener is called while the navigator moves: what it wants sent waits for the end of the turn.
      if (this.#gatheredBytes >= EARLY_FLUSH_BYTES && !this.#events.isEmitting) this.#flush();
      return command.promise as Promise<T>;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Admits nothing from now on; resolves when every call is settled, the last of them by CLOSED after `timeoutMs`. */
  async drain(timeoutMs: number): Promise<void> {
    this.#isClosed = true;
    if (this.#window.count > 0) {
      const idle = new Promise<void>((resolve) => {
        this.#onIdle = resolve;
      });
      const timer = this.#settings.clock.after(timeoutMs, () => this.rejectAll());
      await idle;
      timer.cancel();
    }
    this.rejectAll();
  }

  /** Lets the cluster forget our session; resolves with its answer, or after `timeoutMs` without. */
  async closeSession(timeoutMs: number): Promise<void> {
    const link = this.navigator.current;
    if (link === undefined || this.#sessions.session === 0) return;
    const closing = new Promise<void>((resolve) => {
      this.#sessions.close(link, this.#window.takeSequence(), resolve);
    });
    const timer = this.#settings.clock.after(timeoutMs, () => this.#sessions.onLost());
    await closing;
    timer.cancel();
  }

  /** Admits nothing from now on, gives up every call with CLOSED, and stops the timers. */
  rejectAll(): void {
    this.#isClosed = true;
    this.#window.forEach((command) => this.#reject(command, closed(command)));
    this.#deadlines.cancel();
    this.#gate.cancel();
  }

  hasWork(): boolean {
    return this.#window.count > 0;
  }

  expectsAnswer(): boolean {
    return this.#outbound.inFlight > 0 || this.#sessions.isAwaiting;
  }

  onNode(): void {
    if (this.navigator.isUsable) this.#gate.release();
    else this.#rescan();
  }

  onLost(): void {
    this.#sessions.onLost();
    this.#window.forEach((command) => {
      if (command.state !== 'sent') return;
      this.#outbound.free(command);
      command.maybeExecuted = true;
      command.state = 'waiting';
    });
    this.#rescan();
  }

  onUnreachable(): void {
    this.#deadlines.onUnreachable();
  }

  onAnswers(answers: readonly Answer[]): void {
    let hasResult = false;
    for (const answer of answers) {
      const command = this.#window.at(answer.sequence);
      if (command === undefined || command.state !== 'sent') this.#onSessionAnswer(answer);
      else if (answer.kind === 'error') {
        this.#outbound.free(command);
        command.state = 'waiting';
        this.#refusals.onRefusal(command, answer);
      } else if (answer.kind !== 'session') {
        hasResult = true;
        this.#resolve(command, answer);
      }
    }
    if (!hasResult) return;
    this.navigator.onProgress();
    this.#gate.onResult();
  }

  /** @throws CLOSED, ABORTED, ARGUMENT or OVERLOADED, all with outcome 'none'. */
  #admit(shape: Shape<unknown>, options: ReadOptions | undefined): PendingCommand {
    if (this.#isClosed) throw new QuorateError('CLOSED', 'the client is closed');
    const { maxInFlight, maxQueued } = this.#settings;
    if (this.#window.count >= maxInFlight + maxQueued || this.#window.isFull) {
      const message = `${maxQueued} commands wait already; this one was not sent`;
      throw new QuorateError('OVERLOADED', message, { details: { maxQueued } });
    }
    if (options === undefined)
      return new PendingCommand(shape, false, this.#turnMs, this.#settings.timeoutMs);
    const { consistency, signal } = options;
    if (consistency !== undefined && consistency !== 'linearizable' && consistency !== 'stale')
      throw new QuorateError('ARGUMENT', `consistency is linearizable or stale, not ${String(consistency)}`);
    if (signal !== undefined && !isSignal(signal))
      throw new QuorateError(
        'ARGUMENT',
        'signal must be an AbortSignal, such as the signal of an AbortController',
      );
    const timeoutMs = callTimeoutMs(options.timeoutMs, this.#settings);
    const command = new PendingCommand(shape, consistency === 'stale', this.#turnMs, timeoutMs);
    if (signal?.aborted === true) throw aborted(command, signal.reason);
    return command;
  }

  #checkBytes(command: PendingCommand): void {
    const { maxPendingBytes } = this.#settings;
    if (this.#pendingBytes + command.bytes <= maxPendingBytes) return;
    const message = `commands of ${this.#pendingBytes} bytes are pending; this one was not sent`;
    throw new QuorateError('OVERLOADED', message, { details: { maxPendingBytes } });
  }

  /** The commands of a turn go out together, after the sockets of that turn have been read, unless they are many. */
  #scheduleFlush(): void {
    if (this.#isFlushScheduled) return;
    this.#isFlushScheduled = true;
    this.#turnMs = Math.ceil(this.#settings.clock.now());
    setImmediate(this.#flush);
  }

  readonly #flush = (): void => {
    this.#isFlushScheduled = false;
    this.#gatheredBytes = 0;
    if (this.#window.count === 0) return;
    this.navigator.ensure();
    const link = this.navigator.current;
    if (link !== undefined) this.#outbound.flush(link, this.#turnMs);
  };

  #rescan(): void {
    this.#outbound.rescan();
    if (this.#window.count > 0) this.#scheduleFlush();
  }

  #onSessionAnswer(answer: Answer): void {
    if (!this.#sessions.onAnswer(answer)) return;
    if (answer.kind === 'error') this.#refusals.onSessionRefusal(answer);
    this.#rescan();
  }

  #expire(command: PendingCommand): void {
    const { navigator } = this;
    // A call that was only in a hurry, with the first connection still under way, is not told that none can be made.
    const wasTried = navigator.hasFailures || this.#settings.clock.now() < command.deadlineMs;
    const isCutOff = command.attempts === 0 && navigator.unreachableSinceMs !== undefined && wasTried;
    const { maxRedirects } = this.#settings;
    const error = isCutOff
      ? cannotConnect(navigator.describeFailures())
      : timedOut(command, maxRedirects, navigator.isLedAround, navigator.describeObstacle());
    this.#reject(command, error);
  }

  #resolve(command: PendingCommand, answer: ResultAnswer): void {
    if (!command.canHave(answer)) return this.#reject(command, wrongEcho(command));
    this.#settle(command);
    try {
      command.resolve(command.convert(answer));
    } catch (error) {
      command.reject(error);
    }
  }

  #reject(command: PendingCommand, error: QuorateError): void {
    this.#settle(command);
    command.reject(error);
  }

  #settle(command: PendingCommand): void {
    if (command.state === 'sent') this.#outbound.free(command);
    command.state = 'settled';
    this.#aborts.forget(command);
    this.#pendingBytes -= command.bytes;
    this.#window.remove(command);
    if (this.#outbound.hasMore) this.#scheduleFlush();
    if (this.#window.count === 0) this.#onIdle?.();
  }
}

/** Of any realm: a test environment may bring its own. */
function isSignal(value: AbortSignal | null): boolean {
  return typeof value?.addEventListener === 'function';
}
