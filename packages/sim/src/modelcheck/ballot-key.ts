/**
 * Ballots as numbers in their order. The judge compares ballots on its own: with the functions of a protocol that may
 * be broken in just that, it would be blind to it.
 */
import type { Ballot } from '@quorate/core/protocol';

const NODES_PER_ROUND = 1024;

export function keyOf(ballot: Ballot): number {
  return ballot.round * NODES_PER_ROUND + ballot.node;
}
