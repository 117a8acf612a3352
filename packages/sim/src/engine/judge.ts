/**
 * Everything that judges a run of the engine depth, and the first violation. Nothing is thrown from here: the engine
 * would take an exception for a fault of its own.
 */
import { InvariantError, type NodeId } from '@quorate/core/protocol';
import type { Answer, QuorateError, Result } from '@quorate/wire';
import type { Checker } from '../checkers/checker.ts';
import { allCheckers } from '../checkers/index.ts';
import { CoverageCounts } from '../coverage.ts';
import { CoverageObserver } from '../coverage-observer.ts';
import { type PropertyName, type SimEvent, Violation } from '../sim-event.ts';
import type { SimDisk } from '../world/journal.ts';
import { EngineCoverage } from './coverage.ts';
import type { Request } from './operation.ts';
import type { EngineProfile } from './profile.ts';
import type { Stage } from './stage.ts';
import { ValueLedger } from './value-ledger.ts';
import { nameOf, Witness } from './witness.ts';

export class Judge {
  readonly ledger: ValueLedger;
  readonly witness: Witness;
  readonly coverage: CoverageCounts = new CoverageCounts();
  readonly engineCoverage: EngineCoverage = new EngineCoverage();
  /** Requests that ended, in the order of their ends. */
  readonly ended: Request[] = [];
  /** The first property that did not hold. */
  violation: Violation | undefined;
  readonly #checkers: readonly Checker[];
  readonly #counter: CoverageObserver;
  readonly #onEvent: ((event: SimEvent) => void) | undefined;

  constructor(
    nodes: readonly NodeId[],
    profile: EngineProfile,
    stage: Stage,
    disks: ReadonlyMap<NodeId, SimDisk>,
    onEvent?: (event: SimEvent) => void,
  ) {
    this.ledger = new ValueLedger(nodes);
    this.witness = new Witness(this.ledger, stage, (property, sentence) => this.report(property, sentence));
    // What became of a proposal is judged by what clients are told (witness.ts): its ticket belongs to the engine.
    this.#checkers = allCheckers(profile.base.limits, disks).filter(
      ({ property }) => property !== 'REPLY-TRUTH',
    );
    this.#counter = new CoverageObserver(this.coverage, disks);
    this.#onEvent = onEvent;
  }

  report(property: PropertyName, sentence: string): void {
    this.violation ??= new Violation(property, sentence);
  }

  emit(event: SimEvent): void {
    this.#onEvent?.(event);
    for (const checker of this.#checkers) {
      const sentence = checker.observe(event, this.ledger);
      if (sentence !== undefined) this.report(checker.property, sentence);
    }
    this.ledger.observe(event);
    this.#counter.observe(event);
  }

  /** A node has ended itself. */
  onFatal(node: NodeId, error: QuorateError): void {
    const { cause } = error;
    const property = cause instanceof InvariantError ? cause.invariant : error.code;
    const at = cause instanceof Error ? `\n${cause.stack ?? ''}` : '';
    this.violation ??= new Violation(
      `core asserted ${property}`,
      `node ${node} stops: ${error.message}${at}`,
      error,
    );
  }

  onResult(request: Request, slot: number, result: Result): void {
    if (request.operation.access === 'read') {
      this.engineCoverage.hit(request.consistency === 'stale' ? 'read-stale' : 'read-linearizable');
      this.witness.onReadAnswer(request, slot, result);
    } else if (this.witness.onWriteAnswer(request, slot, result)) {
      this.engineCoverage.hit('answered-again');
    }
  }

  /** Refusals that this client cannot have deserved. */
  onRefusal(request: Request, { code, message }: Extract<Answer, { kind: 'error' }>): void {
    const { operation } = request;
    if (code === 'OVERLOADED') this.engineCoverage.hit('overloaded');
    if (code === 'LEADERSHIP_LOST') this.engineCoverage.hit('leadership-lost');
    if (code === 'SESSION_EXPIRED') this.engineCoverage.hit('session-expired');
    if (code === 'TOO_LARGE' && operation.isTooLarge) this.engineCoverage.hit('too-large-refused');
    else if (UNDESERVED.has(code))
      this.report('REPLY-TRUTH', `${nameOf(request)} is refused with ${code}: ${message}`);
  }

  onEnd(request: Request): void {
    this.ended.push(request);
    if (request.ending?.kind === 'none' && request.operation.access === 'write') this.witness.onNone(request);
    if (request.ending?.kind === 'done' && request.operation.isTooLarge)
      this.report('REPLY-TRUTH', `${nameOf(request)} is over the limit, and is answered as done`);
  }
}

/** A pending sequence is above everything that its client has acknowledged, and its commands are well-formed. */
const UNDESERVED: ReadonlySet<string> = new Set([
  'ARGUMENT',
  'FORBIDDEN',
  'PARSE',
  'REFUSED',
  'SEQUENCE_STALE',
  'SESSION_WINDOW',
  'TOO_LARGE',
]);
