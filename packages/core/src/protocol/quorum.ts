/**
 * Sets of nodes that must intersect. Majorities, but nothing outside this file knows that.
 * Ref: PMS 2.2; FPaxos section 3 for the separation of the two phases.
 */
import type { Membership, NodeId } from './types.ts';

/** Nodes needed to promise (phase 1) and to confirm leadership. */
export function phase1Size(membership: Membership): number {
  return Math.floor(membership.voters.length / 2) + 1;
}

/**
 * Nodes needed to accept (phase 2). A majority too: with an even number of voters fewer would be safe as far as
 * intersection goes (FPaxos), but an acknowledged write shall lie on a majority of disks, two of two included.
 */
export function phase2Size(membership: Membership): number {
  return Math.floor(membership.voters.length / 2) + 1;
}

/** Counts the voters for which `has` holds; each is asked once, in ascending order. */
export function countVoters(membership: Membership, has: (node: NodeId) => boolean): number {
  let count = 0;
  for (const node of membership.voters) {
    if (has(node)) count += 1;
  }
  return count;
}

export function isPhase1Quorum(membership: Membership, has: (node: NodeId) => boolean): boolean {
  return countVoters(membership, has) >= phase1Size(membership);
}

export function isPhase2Quorum(membership: Membership, has: (node: NodeId) => boolean): boolean {
  return countVoters(membership, has) >= phase2Size(membership);
}
