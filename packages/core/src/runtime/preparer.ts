/**
 * Commands on their way from a client to the log of the leader, for backends that have `prepare`: each is prepared, and
 * the groups of a session go on in the order in which they came.
 *
 * Owns the bounds on commands that are being prepared. Says truthfully what became of the rest: what does not get from
 * here into the log was not executed. A refusal is told after a read barrier: if an earlier attempt of the command took
 * effect by then, its first answer is told instead.
 */
import { type Answer, ByteReader, ByteWriter, type Result, readGroup, writeGroup } from '@quorate/wire';
import {
  type Backend,
  BackendDiverged,
  BackendRewound,
  BackendUnavailable,
  CommandRefused,
  type PrepareContext,
} from '../ports/backend.ts';
import { encodedBy } from './backend-returns.ts';
import type { Waiter } from './batcher.ts';
import type { RuntimeLimits } from './limits.ts';
import { errorAnswer, type Responder } from './responder.ts';

type PreparingBackend = Backend & Required<Pick<Backend, 'prepare'>>;

/** Most backends are not. */
export function preparesCommands(backend: Backend): backend is PreparingBackend {
  return backend.prepare !== undefined;
}

export type FirstAnswer = { readonly slot: number; readonly result: Result };

export type PreparerHost = {
  readonly limits: RuntimeLimits;
  now(): number;
  /** The context of one call of `prepare`. */
  context(): PrepareContext;
  /** What a command that took effect before was answered, if that is still kept. */
  firstAnswer(session: number, sequence: number): FirstAnswer | undefined;
  /** One group for the log. */
  propose(group: Uint8Array, waiter: Waiter, deadlineMs: number): void;
  /** Calls `then` once everything is applied that any node may have executed by now, or answers why that fails. */
  afterBarrier(responder: Responder, sequence: number, deadlineMs: number, then: () => void): void;
  /** The store came back older than it was. */
  onRewound(detail: string): void;
  onDiverged(detail: string): void;
  /** Something asynchronous happened: answers or groups may wait to be sent. */
  wake(): void;
};

/** A group of one session that is not in the log yet. */
type Entry = {
  readonly given: Uint8Array;
  readonly session: number;
  readonly ackSequence: number;
  readonly commands: readonly { readonly sequence: number; readonly bytes: Uint8Array }[];
  /** By position: the bytes for the log; undefined while it is prepared, and for good when it does not go on. */
  readonly prepared: (Uint8Array | undefined)[];
  readonly isOpen: boolean[];
  /** Commands that are neither prepared nor answered. */
  open: number;
  /** Position of the first command that the backend has not been given. */
  next: number;
  readonly waiter: Waiter;
  readonly deadlineMs: number;
  /** Monotonic time of the earlier of the client's deadline and our own. */
  readonly dueMs: number;
};

export class Preparer {
  readonly #backend: PreparingBackend;
  readonly #host: PreparerHost;
  /** By session: its groups in order of arrival. */
  readonly #lines = new Map<number, Entry[]>();
  /** Entries with commands that the backend has not been given, in order of arrival. */
  readonly #waiting = new Set<Entry>();
  /** Calls of `prepare` that have not returned, those included that nobody waits for any more. */
  #underWay = 0;
  #bytes = 0;
  #unwellSinceMs: number | undefined;

  constructor(backend: PreparingBackend, host: PreparerHost) {
    this.#backend = backend;
    this.#host = host;
  }

  get isEmpty(): boolean {
    return this.#lines.size === 0;
  }

  /** Bytes of the groups that are held here. */
  get queuedBytes(): number {
    return this.#bytes;
  }

  get underWay(): number {
    return this.#underWay;
  }

  /** For how long the backend could prepare nothing, in milliseconds; 0 when it is well. */
  get unwellMs(): number {
    return this.#unwellSinceMs === undefined ? 0 : this.#host.now() - this.#unwellSinceMs;
  }

  /** @param group one group as @quorate/wire lays it out; copied */
  add(group: Uint8Array, waiter: Waiter, deadlineMs: number): void {
    const given = group.slice();
    const parsed = readGroup(new ByteReader(given));
    if (parsed.kind === 'open') return this.#host.propose(given, waiter, deadlineMs);
    const commands = parsed.kind === 'commands' ? parsed.commands : [];
    const entry: Entry = {
      given,
      session: parsed.session,
      ackSequence: parsed.kind === 'commands' ? parsed.ackSequence : 0,
      commands,
      prepared: commands.map(() => undefined),
      isOpen: commands.map(() => true),
      open: commands.length,
      next: 0,
      waiter,
      deadlineMs,
      dueMs: Math.min(deadlineMs, this.#host.now() + this.#host.limits.prepareTimeoutMs),
    };
    const line = this.#lines.get(entry.session);
    if (line === undefined) this.#lines.set(entry.session, [entry]);
    else line.push(entry);
    this.#bytes += given.length;
    this.#waiting.add(entry);
    this.#pump();
  }

  /** Answers what is overdue. */
  expire(nowMs: number): void {
    const overdue: Entry[] = [];
    for (const line of this.#lines.values())
      for (const entry of line) if (entry.dueMs < nowMs && entry.open > 0) overdue.push(entry);
    for (const entry of overdue) this.#expireEntry(entry, nowMs);
  }

  /** Leadership is over: nothing of what is here was executed, and nothing will be. */
  abandon(): readonly Waiter[] {
    const entries = [...this.#lines.values()].flat();
    this.#lines.clear();
    this.#waiting.clear();
    this.#bytes = 0;
    this.#unwellSinceMs = undefined;
    return entries.map((entry) => {
      const isUnanswered = (position: number): boolean =>
        entry.isOpen[position] === true || entry.prepared[position] !== undefined;
      const sequences =
        entry.commands.length === 0
          ? entry.waiter.sequences
          : entry.commands.filter((_, position) => isUnanswered(position)).map(({ sequence }) => sequence);
      entry.isOpen.fill(false);
      return { responder: entry.waiter.responder, sequences, takesEchoes: false };
    });
  }

  /** Gives the backend what it may be given now. */
  #pump(): void {
    for (const entry of this.#waiting) {
      while (entry.next < entry.commands.length) {
        if (this.#underWay >= this.#host.limits.maxPreparing) return;
        this.#begin(entry, entry.next++);
      }
      this.#waiting.delete(entry);
      if (entry.open === 0) this.#release(entry.session);
    }
  }

  #begin(entry: Entry, position: number): void {
    const { sequence, bytes } = entry.commands[position] as Entry['commands'][number];
    if (entry.isOpen[position] !== true) return;
    const known = this.#host.firstAnswer(entry.session, sequence);
    if (known !== undefined) {
      entry.waiter.responder.addResult(sequence, known.slot, known.result);
      return this.#settle(entry, position, undefined);
    }
    try {
      const command = this.#backend.decode(bytes);
      const answer = this.#backend.prepare(command, this.#host.context());
      if (answer instanceof Promise) this.#await(entry, position, command, answer);
      else this.#finish(entry, position, command, answer);
    } catch (error) {
      this.#fail(entry, position, error);
    }
  }

  #await(entry: Entry, position: number, command: unknown, answer: Promise<unknown>): void {
    this.#underWay += 1;
    const then = (work: () => void): void => {
      this.#underWay -= 1;
      if (entry.isOpen[position] === true) {
        work();
        if (entry.open === 0) this.#release(entry.session);
      }
      this.#pump();
      this.#host.wake();
    };
    answer.then(
      (prepared) =>
        then(() => {
          try {
            this.#finish(entry, position, command, prepared);
          } catch (error) {
            this.#fail(entry, position, error);
          }
        }),
      (error: unknown) => then(() => this.#fail(entry, position, error)),
    );
  }

  #finish(entry: Entry, position: number, command: unknown, prepared: unknown): void {
    const { sequence, bytes } = entry.commands[position] as Entry['commands'][number];
    const { maxCommandBytes } = this.#host.limits;
    this.#unwellSinceMs = undefined;
    if (prepared === undefined) throw new TypeError('prepare returned nothing');
    const out = prepared === command ? bytes : encodedBy(this.#backend, prepared);
    if (out.length <= maxCommandBytes) return this.#settle(entry, position, out);
    this.#settle(entry, position, undefined);
    const message = `prepared, the command has ${out.length} bytes, the limit is ${maxCommandBytes} (maxCommandBytes)`;
    this.#refuse(entry, sequence, 'TOO_LARGE', message);
  }

  #fail(entry: Entry, position: number, error: unknown): void {
    const { responder } = entry.waiter;
    const { sequence } = entry.commands[position] as Entry['commands'][number];
    const detail = error instanceof Error ? error.message : String(error);
    this.#settle(entry, position, undefined);
    if (error instanceof BackendUnavailable || error instanceof BackendDiverged) {
      responder.add(errorAnswer(sequence, 'BACKEND_UNAVAILABLE', `${detail}; it was not executed`));
      if (error instanceof BackendRewound) this.#host.onRewound(detail);
      else if (error instanceof BackendDiverged)
        this.#host.onDiverged(`preparing a command failed: ${detail}`);
      else this.#unwellSinceMs ??= this.#host.now();
      return;
    }
    const why =
      error instanceof CommandRefused
        ? detail
        : `the backend ${this.#backend.name} failed to prepare this command: ${detail}`;
    this.#refuse(entry, sequence, 'REFUSED', why);
  }

  /** An earlier attempt may have been prepared into something else, and taken effect. */
  #refuse(
    { session, waiter, deadlineMs }: Entry,
    sequence: number,
    code: 'REFUSED' | 'TOO_LARGE',
    why: string,
  ): void {
    const { responder } = waiter;
    this.#host.afterBarrier(responder, sequence, deadlineMs, () => {
      const known = this.#host.firstAnswer(session, sequence);
      if (known === undefined) responder.add(errorAnswer(sequence, code, why));
      else responder.addResult(sequence, known.slot, known.result);
    });
  }

  #settle(entry: Entry, position: number, prepared: Uint8Array | undefined): void {
    entry.prepared[position] = prepared;
    entry.isOpen[position] = false;
    entry.open -= 1;
  }

  #expireEntry(entry: Entry, nowMs: number): void {
    const isOver = entry.deadlineMs < nowMs;
    if (!isOver && entry.next > 0) this.#unwellSinceMs ??= nowMs;
    for (const [position, { sequence }] of entry.commands.entries()) {
      if (entry.isOpen[position] !== true) continue;
      entry.waiter.responder.add(this.#overdue(sequence, isOver, position < entry.next));
      this.#settle(entry, position, undefined);
    }
    this.#waiting.delete(entry);
    this.#release(entry.session);
  }

  #overdue(sequence: number, isOver: boolean, wasBegun: boolean): Answer {
    if (isOver)
      return errorAnswer(sequence, 'TIMEOUT', 'the time-out passed before it was proposed', {
        outcome: 'none',
      });
    const message = `the backend did not prepare it within ${this.#host.limits.prepareTimeoutMs} ms; it was not executed`;
    return errorAnswer(sequence, wasBegun ? 'BACKEND_UNAVAILABLE' : 'OVERLOADED', message);
  }

  /** Groups at the head of a session's line whose commands are all settled go on. */
  #release(session: number): void {
    const line = this.#lines.get(session);
    if (line === undefined) return;
    let count = 0;
    while (line[count]?.open === 0) count += 1;
    if (count === 0) return;
    const done = line.splice(0, count);
    if (line.length === 0) this.#lines.delete(session);
    for (const entry of done) {
      this.#bytes -= entry.given.length;
      this.#propose(entry);
    }
  }

  /** As one group, or as several when preparing made it long; nothing when no command is left. */
  #propose(entry: Entry): void {
    const { commands, prepared, given, waiter, deadlineMs } = entry;
    if (commands.every(({ bytes }, position) => prepared[position] === bytes))
      return this.#host.propose(given, waiter, deadlineMs);
    let part: { readonly sequence: number; readonly bytes: Uint8Array }[] = [];
    let partBytes = 0;
    const flush = (): void => {
      if (part.length === 0) return;
      const out = new ByteWriter(partBytes + 32 * part.length + 32);
      const { session, ackSequence } = entry;
      writeGroup(out, { kind: 'commands', session, ackSequence, commands: part });
      const sequences = part.map(({ sequence }) => sequence);
      this.#host.propose(
        out.bytes(),
        { responder: waiter.responder, sequences, takesEchoes: false },
        deadlineMs,
      );
      part = [];
      partBytes = 0;
    };
    for (const [position, { sequence }] of commands.entries()) {
      const bytes = prepared[position];
      if (bytes === undefined) continue;
      part.push({ sequence, bytes });
      partBytes += bytes.length;
      if (partBytes >= this.#host.limits.maxBatchBytes) flush();
    }
    flush();
  }
}
