/**
 * The order in which commands took effect, seen from outside, and what follows from it in linear time on every seed:
 * SESSION-ONCE, REPLY-TRUTH, HASH-EQUAL, TS-MONO, PREFIX-APPLY of backends, and reads against a model of the objects.
 *
 * The first node to apply a slot says what was executed there; everybody else, and every later life, must execute the
 * same with the same results. Nothing here believes what a node says about itself.
 */
import type { ApplyBatch } from '@quorate/core/ports';
import type { NodeId } from '@quorate/core/protocol';
import { decodeBatch, equalBytes, type Result } from '@quorate/wire';
import type { PropertyName } from '../sim-event.ts';
import { ObjectModel } from './object-model.ts';
import { ownResult, type Request } from './operation.ts';
import type { Stage } from './stage.ts';
import type { ValueLedger } from './value-ledger.ts';

export type Report = (property: PropertyName, sentence: string) => void;

/** A command as the log holds it. */
type Logged = { readonly key: string; readonly bytes: Uint8Array };
/** `rivals`: others of the slot that it may have been instead. */
type Matched = Logged & { readonly rivals: readonly string[] };

type SlotFacts = {
  readonly logTimeMs: number;
  readonly digest: string;
  /** Of the commands that were executed, in order. */
  readonly executed: readonly Matched[];
  results: readonly Result[] | undefined;
};

type Execution = {
  readonly slot: number;
  readonly atMs: number;
  readonly facts: SlotFacts;
  readonly ordinal: number;
};

export class Witness {
  readonly #ledger: ValueLedger;
  readonly #report: Report;
  readonly #slots: Map<number, SlotFacts> = new Map();
  readonly #executions: Map<string, Execution> = new Map();
  /** Of commands that are equal to another one of their slot: this one or the other one was executed. */
  readonly #possible: Map<string, Execution[]> = new Map();
  readonly #requests: Map<string, Request> = new Map();
  readonly #objects: ObjectModel;
  /** Answers of reads that nobody understands, by slot and command. */
  readonly #reads: Map<string, Result> = new Map();

  constructor(ledger: ValueLedger, stage: Stage, report: Report) {
    this.#ledger = ledger;
    this.#report = report;
    this.#objects = new ObjectModel(stage, report);
  }

  /** Highest slot that any backend applied. */
  get appliedSlots(): number {
    return this.#slots.size;
  }

  /** The client is about to send this under its session. */
  onAttempt(request: Request): void {
    this.#requests.set(keyOf(request.session, request.sequence), request);
  }

  /** A backend is asked to apply this; `encoded` are the log's bytes of its commands. */
  onApply(node: NodeId, batch: ApplyBatch<unknown>, encoded: readonly Uint8Array[], nowMs: number): void {
    const { slot, logTimeMs } = batch;
    const { digest } = batch.next;
    const known = this.#slots.get(slot);
    if (known === undefined) {
      this.#applyFirst(node, batch, encoded, nowMs);
      return;
    }
    if (known.digest !== digest)
      this.#report(
        'HASH-EQUAL',
        `node ${node} applies slot ${slot} with digest ${digest}, another node had ${known.digest}`,
      );
    if (known.logTimeMs !== logTimeMs)
      this.#report(
        'TS-MONO',
        `node ${node} applies slot ${slot} at log time ${logTimeMs}, another node at ${known.logTimeMs}`,
      );
    const isSame =
      known.executed.length === encoded.length &&
      known.executed.every(({ bytes }, index) => equalBytes(bytes, encoded[index] as Uint8Array));
    if (!isSame)
      this.#report(
        'SESSION-ONCE',
        `node ${node} executes ${encoded.length} commands of slot ${slot}, another node executed other ones (${known.executed.length})`,
      );
  }

  /** The backend has applied it. */
  onResults(node: NodeId, batch: ApplyBatch<unknown>, results: readonly Result[]): void {
    const facts = this.#slots.get(batch.slot);
    if (facts === undefined) return;
    if (facts.results === undefined) {
      facts.results = results.map(ownResult);
      facts.executed.forEach(({ key }, ordinal) =>
        this.#objects.onExecuted(batch.slot, this.#requests.get(key)?.operation, results[ordinal]),
      );
      return;
    }
    facts.results.forEach((first, ordinal) => {
      const result = results[ordinal];
      if (result === undefined || !equalResults(first, result))
        this.#report(
          'HASH-EQUAL',
          `node ${node} gives ${describe(result)} for command ${ordinal} of slot ${batch.slot}, which first gave ${describe(first)}`,
        );
    });
  }

  /** A client is told that its write is done. @returns true when the answer repeats one that was given before */
  onWriteAnswer(request: Request, slot: number, result: Result): boolean {
    const name = nameOf(request);
    const execution = this.#executionOf(keyOf(request.session, request.sequence), result);
    const first = execution?.facts.results?.[execution.ordinal];
    if (execution === undefined || first === undefined) {
      this.#report('REPLY-TRUTH', `${name} is answered, and nobody has executed it`);
      return false;
    }
    if (!equalResults(first, result))
      this.#report(
        'SESSION-ONCE',
        `${name} is answered with ${describe(result)}; its first execution, in slot ${execution.slot}, gave ${describe(first)}`,
      );
    if (execution.atMs < request.beganMs)
      this.#report('REPLY-TRUTH', `${name} took effect before it was asked`);
    if (slot < execution.slot)
      this.#report(
        'REPLY-TRUTH',
        `${name} is answered for slot ${slot}, and was executed in slot ${execution.slot}`,
      );
    return slot > execution.slot;
  }

  #executionOf(key: string, result: Result): Execution | undefined {
    const certain = this.#executions.get(key);
    if (certain !== undefined) return certain;
    return this.#possible.get(key)?.find(({ facts, ordinal }) => {
      const first = facts.results?.[ordinal];
      return first !== undefined && equalResults(first, result);
    });
  }

  /** The client has ended it with 'none'. */
  onNone(request: Request): void {
    const execution = this.#executions.get(keyOf(request.session, request.sequence));
    if (execution !== undefined)
      this.#report(
        'REPLY-TRUTH',
        `${nameOf(request)} was refused as not executed, and was executed in slot ${execution.slot}`,
      );
  }

  /** A read is answered with the state after `slot`. */
  onReadAnswer(request: Request, slot: number, result: Result): void {
    const { operation, consistency, floorSlot } = request;
    if (consistency === 'linearizable' && slot < floorSlot)
      this.#report(
        'READ-INDEX',
        `${nameOf(request)} is answered from slot ${slot}; slot ${floorSlot} had been learned when it began`,
      );
    if (operation.action === undefined) this.#compareReads(request, slot, result);
    else this.#objects.onRead(nameOf(request), operation, slot, result);
  }

  /** Nobody knows what it means; but the same read of the same state has one answer on every node. */
  #compareReads(request: Request, slot: number, result: Result): void {
    const { input } = request.operation;
    const what = input.form === 'text' ? input.text : Buffer.from(input.bytes).toString('hex');
    const name = `${slot} ${what}`;
    const known = this.#reads.get(name);
    if (known === undefined) this.#reads.set(name, ownResult(result));
    else if (!equalResults(known, result))
      this.#report(
        'HASH-EQUAL',
        `${nameOf(request)} at slot ${slot} is answered with ${describe(result)}; another time it was ${describe(known)}`,
      );
  }

  #applyFirst(node: NodeId, batch: ApplyBatch<unknown>, encoded: readonly Uint8Array[], nowMs: number): void {
    const { slot, logTimeMs } = batch;
    const before = this.#slots.get(slot - 1);
    if (slot > 1 && before === undefined)
      this.#report('PREFIX-APPLY', `node ${node} applies slot ${slot}; nobody has applied slot ${slot - 1}`);
    if (before !== undefined && logTimeMs < before.logTimeMs)
      this.#report('TS-MONO', `log time goes back from ${before.logTimeMs} to ${logTimeMs} in slot ${slot}`);
    const facts: SlotFacts = {
      logTimeMs,
      digest: batch.next.digest,
      executed: this.#match(node, slot, encoded),
      results: undefined,
    };
    this.#slots.set(slot, facts);
    facts.executed.forEach(({ key, rivals }, ordinal) => {
      const execution = { slot, atMs: nowMs, facts, ordinal };
      for (const rival of rivals)
        this.#possible.set(rival, [...(this.#possible.get(rival) ?? []), execution]);
      if (rivals.length > 1) return;
      this.#executions.set(key, execution);
      const request = this.#requests.get(key);
      if (request?.ending?.kind === 'none')
        this.#report(
          'REPLY-TRUTH',
          `${nameOf(request)} was refused as not executed, and is executed in slot ${slot}`,
        );
      if (request?.operation.isTooLarge === true)
        this.#report('REPLY-TRUTH', `${nameOf(request)} is over the limit, and is executed in slot ${slot}`);
    });
  }

  /** Which of the slot's commands these are, in order; of equal ones one that was not executed before. */
  #match(node: NodeId, slot: number, encoded: readonly Uint8Array[]): Matched[] {
    const { chosen } = this.#ledger.slot(slot);
    const value = chosen === undefined ? undefined : this.#ledger.valueOf(chosen);
    if (value === undefined) {
      this.#report('LEARN-MATCH', `node ${node} applies slot ${slot}, where nothing is chosen`);
      return [];
    }
    const logged = value.kind === 'batch' ? loggedIn(value.bytes) : [];
    const matched: Matched[] = [];
    let from = 0;
    for (const bytes of encoded) {
      const fits = (command: Logged): boolean => equalBytes(command.bytes, bytes);
      const rest = logged.slice(from);
      const fresh = rest.filter((command) => fits(command) && !this.#executions.has(command.key));
      const found = fresh[0] ?? rest.find(fits);
      if (found === undefined) {
        this.#report(
          'VALIDITY',
          `node ${node} executes a command in slot ${slot} that the slot does not hold`,
        );
        return matched;
      }
      const earlier = this.#executions.get(found.key);
      if (earlier !== undefined)
        this.#report(
          'SESSION-ONCE',
          `session/sequence ${found.key} is executed in slot ${slot}, and was in slot ${earlier.slot}`,
        );
      matched.push({ ...found, rivals: fresh.map(({ key }) => key) });
      from = logged.indexOf(found) + 1;
    }
    return matched;
  }
}

function loggedIn(bytes: Uint8Array): Logged[] {
  return decodeBatch(bytes).flatMap((group) =>
    group.kind === 'commands'
      ? group.commands.map((command) => ({
          key: keyOf(group.session, command.sequence),
          bytes: command.bytes,
        }))
      : [],
  );
}

function keyOf(session: number, sequence: number): string {
  return `${session}/${sequence}`;
}

export function nameOf({ client, operation, session, sequence }: Request): string {
  const what =
    operation.action === undefined ? operation.access : `${operation.action.kind} ${operation.key}`;
  return `${what} of client ${client} (session ${session}, sequence ${sequence})`;
}

export function equalResults(left: Result, right: Result): boolean {
  if (!left.ok || !right.ok)
    return (
      left.ok === right.ok &&
      !left.ok &&
      !right.ok &&
      left.code === right.code &&
      left.message === right.message
    );
  if (left.value === null || right.value === null) return left.value === right.value;
  return equalBytes(left.value, right.value);
}

function describe(result: Result | undefined): string {
  if (result === undefined) return 'no result';
  if (!result.ok) return `refusal ${result.code}`;
  return result.value === null
    ? 'nothing'
    : JSON.stringify(Buffer.from(result.value).toString().slice(0, 40));
}
