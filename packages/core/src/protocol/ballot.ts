/**
 * Arithmetic on ballots: order, successor, maximum. Pure and total.
 */
import { asNodeId, type Ballot, type NodeId } from './types.ts';

/** Below every ballot that anybody can campaign with. */
export const ZERO_BALLOT: Ballot = { round: 0, node: asNodeId(0) };

/** Negative, zero or positive as `left` is below, equal to or above `right`. Round first, node breaks ties. */
export function compareBallots(left: Ballot, right: Ballot): number {
  return left.round !== right.round ? left.round - right.round : left.node - right.node;
}

export function isLower(left: Ballot, right: Ballot): boolean {
  return compareBallots(left, right) < 0;
}

export function isHigher(left: Ballot, right: Ballot): boolean {
  return compareBallots(left, right) > 0;
}

export function sameBallot(left: Ballot, right: Ballot): boolean {
  return left.round === right.round && left.node === right.node;
}

export function maxBallot(left: Ballot, right: Ballot): Ballot {
  return isLower(left, right) ? right : left;
}

/** The lowest ballot of `node` above `seen`. */
export function nextBallot(seen: Ballot, node: NodeId): Ballot {
  return { round: seen.round + 1, node };
}

/** `round.node`, as everywhere in traces and logs. */
export function describeBallot(ballot: Ballot): string {
  return `${ballot.round}.${ballot.node}`;
}
