/**
 * The order in which commands took effect, seen from outside, and what follows from it in linear time on every seed:
 * SESSION-ONCE, REPLY-TRUTH, HASH-EQUAL, TS-MONO, PREFIX-APPLY of backends, and reads against a model of the objects.
 *
 * What must execute in a slot the oracle of sessions says from the chosen log alone; what it gave the first node to
 * apply it says, and everybody else, and every later life, must give the same. Nothing here believes what a node says
 * about itself.
 */
import type { ApplyBatch } from '@quorate/core/ports';
import type { NodeId } from '@quorate/core/protocol';
import { equalBytes, type Result } from '@quorate/wire';
import type { PropertyName } from '../sim-event.ts';
import { ObjectModel } from './object-model.ts';
import { ownResult, type Request } from './operation.ts';
import { type Expected, SessionOracle, sessionKey } from './session-oracle.ts';
import type { Stage } from './stage.ts';
import type { ValueLedger } from './value-ledger.ts';

export type Report = (property: PropertyName, sentence: string) => void;

type SlotFacts = {
  readonly logTimeMs: number;
  readonly digest: string;
  /** Of the commands that were executed, in order. */
  readonly executed: readonly Expected[];
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
  readonly #sessions: SessionOracle = new SessionOracle();
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
    this.#requests.set(sessionKey(request.session, request.sequence), request);
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
    this.#compareExecuted(node, slot, known.executed, encoded);
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
    const execution = this.#executions.get(sessionKey(request.session, request.sequence));
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

  /** The client has ended it with 'none'. */
  onNone(request: Request): void {
    const execution = this.#executions.get(sessionKey(request.session, request.sequence));
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
    if (slot > 1 && !this.#slots.has(slot - 1))
      this.#report('PREFIX-APPLY', `node ${node} applies slot ${slot}; nobody has applied slot ${slot - 1}`);
    const { chosen } = this.#ledger.slot(slot);
    const value = chosen === undefined ? undefined : this.#ledger.valueOf(chosen);
    if (value === undefined)
      return this.#report('LEARN-MATCH', `node ${node} applies slot ${slot}, where nothing is chosen`);
    const { logTimeMs: expectedMs, expected } = this.#sessions.feed(slot, value);
    if (logTimeMs !== expectedMs)
      this.#report(
        'TS-MONO',
        `node ${node} applies slot ${slot} at log time ${logTimeMs}; it is ${expectedMs}`,
      );
    this.#compareExecuted(node, slot, expected, encoded);
    const facts: SlotFacts = { logTimeMs, digest: batch.next.digest, executed: expected, results: undefined };
    this.#slots.set(slot, facts);
    expected.forEach(({ key }, ordinal) => {
      this.#executions.set(key, { slot, atMs: nowMs, facts, ordinal });
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

  #compareExecuted(
    node: NodeId,
    slot: number,
    expected: readonly Expected[],
    encoded: readonly Uint8Array[],
  ): void {
    const isSame =
      expected.length === encoded.length &&
      expected.every(({ bytes }, index) => equalBytes(bytes, encoded[index] as Uint8Array));
    if (isSame) return;
    const names = expected.map(({ key }) => key).join(', ');
    this.#report(
      'SESSION-ONCE',
      `node ${node} executes ${encoded.length} commands of slot ${slot}; by the log it is ${expected.length} (session/sequence ${names})`,
    );
  }
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
