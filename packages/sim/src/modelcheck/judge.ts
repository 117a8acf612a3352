/**
 * The properties that only all nodes together decide: AGREEMENT, CHOSEN-STABLE, SAFE-VALUE, ONE-VALUE-PER-BALLOT,
 * VALIDITY, and LEARN-MATCH with its like: whoever relies on a slot being chosen must be right.
 *
 * Judged on what was ever durably accepted and proposed, not on what anybody believes. Quorums are counted here, not
 * with the product's code. Ref: PMS 2.2 for P2b and P2c.
 */
import type { AcceptedEntry, Ballot } from '@quorate/core/protocol';
import type { Fact, Violation } from './action.ts';
import { keyOf } from './ballot-key.ts';
import { bitOf, type LandmarkBits } from './landmarks.ts';
import type { ModelNode } from './model-node.ts';
import type { Protocol } from './protocol.ts';

/** Of three nodes. Any two quorums meet. */
const QUORUM = 2;

/** All nodes, in order. */
export type World = readonly [ModelNode, ModelNode, ModelNode];

export type Verdict = { readonly violation: Violation | undefined; readonly landmarks: LandmarkBits };

type Chosen = { readonly value: string; readonly ballot: Ballot };

export class Judge {
  readonly #protocol: Protocol;

  constructor(protocol: Protocol) {
    this.#protocol = protocol;
  }

  /** `facts` of one action, `world` as it is after the action. */
  judge(world: World, facts: readonly Fact[]): Verdict {
    let landmarks = 0;
    for (const fact of facts) {
      const violation = this.#judgeFact(world, fact);
      if (violation !== undefined) return { violation, landmarks };
      if (fact.kind === 'accepted' && this.#isQuorum(world, fact.slot, fact.ballot))
        landmarks |= bitOf('chosen');
    }
    return { violation: undefined, landmarks };
  }

  #judgeFact(world: World, fact: Fact): Violation | undefined {
    switch (fact.kind) {
      case 'accepted':
        return this.#judgeAccepted(world, fact.slot, fact.ballot, fact.value);
      case 'proposed':
        return this.#judgeProposed(world, fact.slot, fact.ballot, fact.value);
      case 'relies': {
        const chosen = this.#chosenAt(world, fact.slot);
        if (chosen.some(({ value }) => fact.value === undefined || value === fact.value)) return undefined;
        const what = fact.value === undefined ? '' : ` with ${fact.value}`;
        const truth =
          chosen.length === 0 ? 'nothing is' : `${chosen.map(({ value }) => value).join(' and ')} is`;
        return {
          property: fact.on,
          detail: `a node relies on slot ${fact.slot} being chosen${what}, but ${truth}`,
        };
      }
      default:
        return fact satisfies never;
    }
  }

  #judgeAccepted(world: World, slot: number, ballot: Ballot, value: string): Violation | undefined {
    const chosen = this.#chosenAt(world, slot);
    const [first] = chosen;
    const other = chosen.find((candidate) => candidate.value !== first?.value);
    if (first !== undefined && other !== undefined) {
      return {
        property: 'AGREEMENT',
        detail: `slot ${slot}: ${this.#text(first)} and ${this.#text(other)} are both chosen`,
      };
    }
    if (first !== undefined && first.value !== value && keyOf(ballot) > keyOf(first.ballot)) {
      return {
        property: 'CHOSEN-STABLE',
        detail: `slot ${slot}: ${this.#text({ value, ballot })} is accepted after ${this.#text(first)} was chosen`,
      };
    }
    if (!wasSubmitted(world, value))
      return { property: 'VALIDITY', detail: `slot ${slot}: nobody submitted ${value}` };
    const rival = everywhere(world, 'accepted', slot).find(
      (entry) => keyOf(entry.ballot) === keyOf(ballot) && this.#valueOf(entry) !== value,
    );
    if (rival === undefined) return undefined;
    return {
      property: 'ONE-VALUE-PER-BALLOT',
      detail: `slot ${slot}: ${value} and ${this.#valueOf(rival)} are accepted at ${this.#ballot(ballot)}`,
    };
  }

  /** No other value is chosen, or can still become chosen, at a lower ballot. */
  #judgeProposed(world: World, slot: number, ballot: Ballot, value: string): Violation | undefined {
    for (const lower of everywhere(world, 'proposed', slot)) {
      if (keyOf(lower.ballot) >= keyOf(ballot) || this.#valueOf(lower) === value) continue;
      const able = world.filter(
        (node) => hasAccepted(node, slot, lower.ballot) || keyOf(node.disk.promised) <= keyOf(lower.ballot),
      );
      if (able.length < QUORUM) continue;
      return {
        property: 'SAFE-VALUE',
        detail: `slot ${slot}: ${this.#text({ value, ballot })} is proposed while ${this.#text({ value: this.#valueOf(lower), ballot: lower.ballot })} can be chosen`,
      };
    }
    return undefined;
  }

  #chosenAt(world: World, slot: number): Chosen[] {
    const found: Chosen[] = [];
    for (const entry of everywhere(world, 'accepted', slot)) {
      const { ballot } = entry;
      if (found.some((chosen) => keyOf(chosen.ballot) === keyOf(ballot))) continue;
      if (this.#isQuorum(world, slot, ballot)) found.push({ value: this.#valueOf(entry), ballot });
    }
    return found;
  }

  #isQuorum(world: World, slot: number, ballot: Ballot): boolean {
    return world.filter((node) => hasAccepted(node, slot, ballot)).length >= QUORUM;
  }

  #valueOf(entry: AcceptedEntry): string {
    return this.#protocol.describeValue(entry.value);
  }

  #text({ value, ballot }: Chosen): string {
    return `${value} at ${this.#ballot(ballot)}`;
  }

  #ballot({ round, node }: Ballot): string {
    return `${round}.${node}`;
  }
}

/** `"1b"` is the second value of node 1. */
function wasSubmitted(world: World, value: string): boolean {
  if (value === 'noop') return true;
  const [, node = '', letter = ''] = /^"([1-3])([a-z])"$/.exec(value) ?? [];
  const proposals = world[Number(node) - 1]?.past.proposals ?? 0;
  return letter !== '' && letter.charCodeAt(0) - 97 < proposals;
}

function everywhere(world: World, what: 'accepted' | 'proposed', slot: number): AcceptedEntry[] {
  return world.flatMap(({ past }) => past[what].filter((entry) => entry.slot === slot));
}

function hasAccepted({ past }: ModelNode, slot: number, ballot: Ballot): boolean {
  return past.accepted.some((entry) => entry.slot === slot && keyOf(entry.ballot) === keyOf(ballot));
}
