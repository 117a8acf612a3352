/**
 * Named assertions, on in production. A broken one is our bug: the node stops with a dump rather than go on with a
 * state that it does not understand. The list with statements is in docs/protocol.md.
 */
export type InvariantName =
  | 'AGREEMENT'
  | 'PROMISE-MONO'
  | 'ACCEPT-GE-PROMISE'
  | 'ONE-VALUE-PER-BALLOT'
  | 'SAFE-VALUE'
  | 'SAME-BALLOT-COUNT'
  | 'DURABLE-BEFORE-SEND'
  | 'LEARN-MATCH'
  | 'PREFIX-APPLY'
  | 'WINDOW'
  | 'PHASE1-COVERS'
  | 'READ-FLOOR'
  | 'ORDER'
  | 'TS-MONO'
  | 'SESSION-ONCE'
  | 'BOUNDED';

/** A broken invariant. Not for catching, except where a node ends itself. */
export class InvariantError extends Error {
  readonly invariant: InvariantName;

  constructor(invariant: InvariantName, detail: string) {
    super(`invariant ${invariant} is broken: ${detail}`);
    this.name = 'InvariantError';
    this.invariant = invariant;
  }
}

/** `detail` is a function so that the good path builds no string. */
export function invariant(condition: boolean, name: InvariantName, detail: () => string): asserts condition {
  if (!condition) throw new InvariantError(name, detail());
}
