/**
 * Any backend as a node of the simulator uses it: the witness sees every batch, promises settle in virtual time, and
 * the store can be in trouble before a batch or lose its answer after it. The backend itself is the real one.
 */
import {
  type ApplyBatch,
  type Backend,
  BackendDiverged,
  BackendRewound,
  BackendUnavailable,
  type PackedBatch,
  type ResultSink,
} from '@quorate/core/ports';
import type { NodeId } from '@quorate/core/protocol';
import { NIL_RESULT, type Result } from '@quorate/wire';
import type { AsyncBridge } from './async-bridge.ts';
import type { EngineCoverageKind } from './coverage.ts';
import type { Lifeline } from './lifeline.ts';
import type { Witness } from './witness.ts';

/** 'refused': nothing was stored. 'answer-lost': stored, and the process hears that it was not. */
export type ApplyTrouble = 'none' | 'refused' | 'answer-lost';

export type BackendSurroundings = {
  readonly node: NodeId;
  readonly lifeline: Lifeline;
  readonly bridge: AsyncBridge;
  readonly witness: Witness;
  nowMs(): number;
  hit(kind: EngineCoverageKind): void;
  /** Drawn for every batch. */
  drawTrouble(): ApplyTrouble;
  /** How long the next promise takes; drawn for every call. */
  drawDelayMs(): number;
  /** True: a backend that answers at once is made to promise instead. */
  readonly answersLater: boolean;
  /** A store that executes packed commands is let: nothing is ever drawn for it. Otherwise it takes the long way. */
  readonly mayPack: boolean;
};

type Method = (...parameters: unknown[]) => unknown;

export function observedBackend(inner: Backend, around: BackendSurroundings): Backend {
  const observed = new Observed(inner, around);
  const methods = new Map<PropertyKey, Method>([
    ['decode', (bytes) => observed.decode(bytes as Uint8Array)],
    ['apply', (batch) => observed.apply(batch as ApplyBatch<unknown>)],
    ['applyPacked', (batch, results) => observed.applyPacked(batch as PackedBatch, results as ResultSink)],
  ]);
  return new Proxy(inner, {
    get: (target, name) => {
      if (name === 'applyPacked' && !(around.mayPack && inner.applyPacked !== undefined)) return undefined;
      const known = methods.get(name);
      if (known !== undefined) return known;
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      const method: Method = (...parameters) => {
        if (name === 'prepare') around.hit('prepared');
        return observed.later((value as Method).apply(target, parameters));
      };
      methods.set(name, method);
      return method;
    },
  });
}

class Observed {
  readonly #inner: Backend;
  readonly #around: BackendSurroundings;
  /** What was decoded since the last batch, in order: the commands of the next one are its end. */
  #decoded: { readonly command: unknown; readonly bytes: Uint8Array }[] = [];
  readonly #encoded: WeakMap<ApplyBatch<unknown>, readonly Uint8Array[]> = new WeakMap();

  constructor(inner: Backend, around: BackendSurroundings) {
    this.#inner = inner;
    this.#around = around;
  }

  decode(bytes: Uint8Array): unknown {
    const command = this.#inner.decode(bytes);
    this.#decoded.push({ command, bytes });
    return command;
  }

  apply(batch: ApplyBatch<unknown>): readonly Result[] | Promise<readonly Result[]> {
    const { node, lifeline, witness } = this.#around;
    const encoded = this.#encodedOf(batch);
    const trouble = this.#around.drawTrouble();
    if (!lifeline.mayAct() || trouble === 'refused') throw new BackendUnavailable('the store is away');
    witness.onApply(node, batch, encoded, this.#around.nowMs());
    const outcome = this.#inner.apply(batch);
    if (outcome instanceof Promise) return this.#promised(batch, outcome, trouble);
    const results = this.#answered(batch, outcome, trouble);
    if (this.#around.answersLater) this.#around.hit('backend-later');
    return this.#around.answersLater
      ? (this.later(Promise.resolve(results)) as Promise<typeof results>)
      : results;
  }

  applyPacked(packed: PackedBatch, results: ResultSink): void {
    const { node, lifeline, witness } = this.#around;
    if (!lifeline.mayAct()) throw new BackendUnavailable('the store is away');
    const { bytes, count, starts, ends, ...step } = packed;
    const encoded = Array.from({ length: count }, (_, ordinal) =>
      bytes.slice(starts[ordinal], ends[ordinal]),
    );
    const commands = encoded.map((command, ordinal) => ({ command, ordinal }));
    const batch: ApplyBatch<unknown> = { ...step, commands, records: [] };
    witness.onApply(node, batch, encoded, this.#around.nowMs());
    const heard = new HeardResults(results);
    this.#inner.applyPacked?.(packed, heard);
    witness.onResults(node, batch, heard.list);
    this.#around.hit('backend-packed');
  }

  /** A promise settles in virtual time; anything else is given on. */
  later(outcome: unknown): unknown {
    if (!(outcome instanceof Promise)) return outcome;
    const { bridge, lifeline } = this.#around;
    return bridge.carry(
      () => outcome,
      this.#around.drawDelayMs(),
      (run) => lifeline.wake('input', run),
    );
  }

  async #promised(
    batch: ApplyBatch<unknown>,
    outcome: Promise<readonly Result[]>,
    trouble: ApplyTrouble,
  ): Promise<readonly Result[]> {
    this.#around.hit('backend-later');
    const answered = outcome.then(
      (results) => this.#answered(batch, results, trouble),
      (error: unknown) => {
        if (error instanceof BackendRewound) this.#around.hit('store-rewound');
        else if (error instanceof BackendDiverged) this.#around.hit('fenced');
        throw error;
      },
    );
    return this.later(answered) as Promise<readonly Result[]>;
  }

  /** It is stored. The process may not live to hear of it. */
  #answered(
    batch: ApplyBatch<unknown>,
    results: readonly Result[],
    trouble: ApplyTrouble,
  ): readonly Result[] {
    const { node, lifeline, witness } = this.#around;
    witness.onResults(node, batch, results);
    if (!lifeline.mayAct() || trouble === 'answer-lost')
      throw new BackendUnavailable('the connection broke after the commit');
    return results;
  }

  #encodedOf(batch: ApplyBatch<unknown>): readonly Uint8Array[] {
    const known = this.#encoded.get(batch);
    if (known !== undefined) return known;
    const count = batch.commands.length;
    const latest = count === 0 ? [] : this.#decoded.slice(-count);
    this.#decoded = [];
    const isThese = batch.commands.every(({ command }, index) => latest[index]?.command === command);
    if (!isThese || latest.length !== count)
      throw new Error(`the commands of slot ${batch.slot} are not those that were decoded last`);
    const encoded = latest.map(({ bytes }) => bytes.slice());
    this.#encoded.set(batch, encoded);
    return encoded;
  }
}

/** Gives results on, and keeps them as objects for the witness. */
class HeardResults implements ResultSink {
  readonly list: Result[] = [];
  readonly #next: ResultSink;

  constructor(next: ResultSink) {
    this.#next = next;
  }

  value(source: Uint8Array, start: number, end: number): void {
    this.list.push({ ok: true, value: source.slice(start, end) });
    this.#next.value(source, start, end);
  }

  nil(): void {
    this.list.push(NIL_RESULT);
    this.#next.nil();
  }

  refused(code: string, message: string): void {
    this.list.push({ ok: false, code, message });
    this.#next.refused(code, message);
  }
}
