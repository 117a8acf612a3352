/**
 * Sends what waits: walks the unsettled commands in order, takes those for which a place in flight, a node and a
 * session are there, and hands one request frame per session and consistency to the connection.
 *
 * Owns the bounds on what is in flight, and the cursor: every command below it is not `waiting`, or could not go
 * when it was looked at; `rescan` starts over when that may have changed. Leaves answers to `command-engine.ts`.
 */
import type { Navigator } from './navigator.ts';
import type { NodeLink } from './node-link.ts';
import { type ClientSettings, SESSION_WINDOW_COMMANDS } from './options.ts';
import type { PendingCommand } from './pending.ts';
import type { PendingWindow } from './pending-window.ts';
import { RequestGroup } from './request-group.ts';
import type { SessionKeeper } from './session-keeper.ts';

/**
 * By how much a text may be longer than the longest command, in bytes: what it spells can be shorter than the text,
 * for instance by quotes and escapes. The sum stays below the largest frame that a node takes, where the connection
 * would end instead of the call.
 */
const TEXT_ALLOWANCE_BYTES = 2 * 2 ** 20;

export class Outbound {
  readonly #settings: ClientSettings;
  readonly #window: PendingWindow;
  readonly #sessions: SessionKeeper;
  readonly #navigator: Navigator;
  readonly #onTooLarge: (command: PendingCommand, maxCommandBytes: number) => void;
  /** The first `#groupCount` are in use during a flush; the others keep their memory for later. */
  readonly #groups: RequestGroup[] = [];
  #groupCount = 0;
  #cursor = 0;
  #inFlight = 0;
  #inFlightBytes = 0;

  constructor(
    settings: ClientSettings,
    window: PendingWindow,
    sessions: SessionKeeper,
    navigator: Navigator,
    onTooLarge: (command: PendingCommand, maxCommandBytes: number) => void,
  ) {
    this.#settings = settings;
    this.#window = window;
    this.#sessions = sessions;
    this.#navigator = navigator;
    this.#onTooLarge = onTooLarge;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** True if a flush stopped short of the newest command. */
  get hasMore(): boolean {
    return this.#cursor < this.#window.nextSequence;
  }

  /** Look at every unsettled command again: a node, a session or a retry has come. */
  rescan(): void {
    this.#cursor = 0;
  }

  /** The command is not `sent` any more; its place is free. The caller sets the new state. */
  free(command: PendingCommand): void {
    this.#inFlight -= 1;
    this.#inFlightBytes -= command.bytes;
  }

  flush(link: NodeLink, nowMs: number): void {
    const window = this.#window;
    let opensFor: PendingCommand | undefined;
    let sequence = Math.max(this.#cursor, window.ackSequence + 1);
    for (; sequence < window.nextSequence; sequence++) {
      const command = window.at(sequence);
      if (command === undefined || command.state !== 'waiting' || !this.#mayAsk(command)) continue;
      if (!this.#hasPlaceFor(command)) break;
      if (!this.#bindSession(command)) opensFor = command;
      else this.#take(command, link, nowMs);
    }
    this.#cursor = sequence;
    for (let index = 0; index < this.#groupCount; index++) this.#send(index, link, nowMs);
    this.#groupCount = 0;
    if (opensFor !== undefined) this.#openSession(link, opensFor.deadlineMs - nowMs);
  }

  /** A node that does not lead may still answer stale reads. */
  #mayAsk(command: PendingCommand): boolean {
    return this.#navigator.isUsable || command.stale;
  }

  #hasPlaceFor(command: PendingCommand): boolean {
    const { maxInFlight, maxInFlightBytes } = this.#settings;
    if (this.#inFlight >= maxInFlight) return false;
    if (this.#inFlight > 0 && this.#inFlightBytes + command.bytes > maxInFlightBytes) return false;
    return command.sequence - this.#window.ackSequence < SESSION_WINDOW_COMMANDS;
  }

  /**
   * Gives the command its session; false if there is none yet. A command that may have been executed stays with
   * the session under which that was: only there will the cluster recognise it.
   */
  #bindSession(command: PendingCommand): boolean {
    if (!command.needsSession || command.maybeExecuted) return true;
    command.session = this.#sessions.session;
    return command.session !== 0;
  }

  #take(command: PendingCommand, link: NodeLink, nowMs: number): void {
    const maxBytes = link.welcome?.maxCommandBytes ?? Number.POSITIVE_INFINITY;
    const limit = command.isText ? maxBytes + TEXT_ALLOWANCE_BYTES : maxBytes;
    if (command.commandBytes > limit) {
      this.#onTooLarge(command, limit);
      return;
    }
    command.state = 'sent';
    command.attempts += 1;
    this.#inFlight += 1;
    this.#inFlightBytes += command.bytes;
    const index = this.#groupFor(command);
    const group = this.#groups[index];
    group?.add(command);
    if (group?.isFull === true) this.#send(index, link, nowMs);
  }

  #groupFor(command: PendingCommand): number {
    for (let index = 0; index < this.#groupCount; index++) {
      const group = this.#groups[index];
      if (group?.session === command.session && group.stale === command.stale) return index;
    }
    const index = this.#groupCount++;
    const group = (this.#groups[index] ??= new RequestGroup());
    group.session = command.session;
    group.stale = command.stale;
    return index;
  }

  #send(index: number, link: NodeLink, nowMs: number): void {
    const group = this.#groups[index];
    if (group === undefined || group.isEmpty) return;
    const timeoutMs = nodeTimeoutMs(group.lastDeadlineMs - nowMs);
    link.send(group.take(this.#window.ackSequence, this.#navigator.noForward, timeoutMs));
  }

  #openSession(link: NodeLink, remainingMs: number): void {
    if (this.#sessions.isAwaiting || this.#sessions.isHeld) return;
    this.#sessions.open(
      link,
      this.#window.takeSequence(),
      nodeTimeoutMs(remainingMs),
      this.#navigator.noForward,
    );
  }
}

/**
 * The time that a node gets is a little shorter than ours, so that its truthful "dropped, not executed" arrives
 * before we would have to say that we do not know.
 */
export function nodeTimeoutMs(remainingMs: number): number {
  return Math.max(1, Math.floor(remainingMs - answerMarginMs(remainingMs)));
}

export function answerMarginMs(timeoutMs: number): number {
  return Math.min(100, timeoutMs / 10);
}
