/**
 * What can happen to one node in one step of a search, and what came of it.
 */
import type { Ballot, Message, NodeId } from '@quorate/core/protocol';
import type { LandmarkBits } from './landmarks.ts';
import type { ModelNode } from './model-node.ts';

export type Letter = { readonly from: NodeId; readonly to: NodeId; readonly message: Message };

/**
 * `fate`: of the writes that are not durable when the action is over, only so many of the oldest become durable, and
 * nothing more does before the node crashes. Without it all of them do, or what does is decided later (reduction.ts).
 */
export type Action = Deed & { readonly fate?: number };

export type Deed =
  | { readonly kind: 'deliver'; readonly from: NodeId; readonly message: Message }
  /** The oldest `writes` writes become durable. */
  | { readonly kind: 'flush'; readonly writes: number }
  /** A pre-vote that `granter` grants, and with it the campaign itself. */
  | { readonly kind: 'campaign'; readonly granter: ModelNode }
  | { readonly kind: 'propose' }
  /** Asked when slots up to `floorSlot` were known to be chosen by somebody. */
  | { readonly kind: 'read'; readonly floorSlot: number }
  /** `choice` in [0, 1) stands for every random draw. */
  | { readonly kind: 'tick'; readonly choice: number }
  | { readonly kind: 'expire' }
  /** `keepsLearned`: the learned slot that no flush covered was written all the same. */
  | { readonly kind: 'crash'; readonly keepsLearned: boolean };

/** What the judge must hold against the state of all nodes after the action. */
export type Fact =
  | { readonly kind: 'accepted'; readonly slot: number; readonly ballot: Ballot; readonly value: string }
  | { readonly kind: 'proposed'; readonly slot: number; readonly ballot: Ballot; readonly value: string }
  /** The node relies on it that the slot is chosen, with this value if one is named. */
  | {
      readonly kind: 'relies';
      readonly slot: number;
      readonly value: string | undefined;
      readonly on: string;
    };

/** A property that does not hold. */
export type Violation = { readonly property: string; readonly detail: string };

export type Outcome = {
  readonly node: ModelNode;
  readonly letters: readonly Letter[];
  readonly facts: readonly Fact[];
  readonly violation: Violation | undefined;
  /** The product noticed by itself and stopped: the node is as it was, and did no more. */
  readonly stopped: boolean;
  readonly landmarks: LandmarkBits;
  /** How many of the oldest writes might have had another fate: all numbers below are possible instead. */
  readonly settled: number;
};
