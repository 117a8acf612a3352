/**
 * What the omniscient observer sees: every step of every node, every write that became durable, every message at the
 * moment when it leaves. Checkers and the ledger live on these alone.
 */
import type {
  Input,
  JournalImage,
  JournalWrite,
  Message,
  NodeId,
  Output,
  Replica,
  Slot,
} from '@quorate/core/protocol';

export type SimEvent =
  | {
      readonly kind: 'boot';
      readonly node: NodeId;
      readonly incarnation: number;
      readonly image: JournalImage;
      readonly appliedSlot: Slot;
      readonly replica: Replica;
    }
  | { readonly kind: 'crash'; readonly node: NodeId; readonly lostWrites: number }
  | {
      readonly kind: 'step';
      readonly node: NodeId;
      readonly input: Input;
      readonly output: Output;
      readonly replica: Replica;
    }
  | { readonly kind: 'durable'; readonly node: NodeId; readonly write: JournalWrite }
  | { readonly kind: 'send'; readonly node: NodeId; readonly to: NodeId; readonly message: Message };

/** Names of the properties that are judged, as docs/protocol.md lists them. */
export type PropertyName =
  | 'ACCEPT-GE-PROMISE'
  | 'AGREEMENT'
  | 'BALLOT-UNIQUE'
  | 'BOUNDED'
  | 'CHOSEN-STABLE'
  | 'CORE-CONVERGE'
  | 'DECODER-TOTAL'
  | 'DURABLE-BEFORE-SEND'
  | 'HASH-EQUAL'
  | 'LEARN-MATCH'
  | 'LINEARIZABLE'
  | 'NO-LIVELOCK'
  | 'ONE-VALUE-PER-BALLOT'
  | 'ORDER'
  | 'PREFIX-APPLY'
  | 'PROMISE-MONO'
  | 'READ-INDEX'
  | 'REPLY-TRUTH'
  | 'SAFE-VALUE'
  | 'SESSION-ONCE'
  | 'TS-MONO'
  | 'VALIDITY'
  | 'WINDOW';

/** A property does not hold. Ends the run. */
export class Violation extends Error {
  readonly property: string;

  constructor(property: PropertyName | `core asserted ${string}`, sentence: string, cause?: unknown) {
    super(`${property}: ${sentence}`, cause === undefined ? undefined : { cause });
    this.name = 'Violation';
    this.property = property;
  }
}
