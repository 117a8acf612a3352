/**
 * Properties of what is chosen: AGREEMENT, CHOSEN-STABLE, VALIDITY, ONE-VALUE-PER-BALLOT, SAFE-VALUE.
 *
 * All are judged on durable writes and on proposals as they are made, not on what nodes believe.
 * Ref: PMS 2.2 for the conditions P2b and P2c.
 */
import type { AcceptedEntry } from '@quorate/core/protocol';
import {
  ballotKey,
  countBits,
  describeKey,
  type Ledger,
  type Proposal,
  type SlotFacts,
  UNKNOWN_VALUE,
} from '../ledger.ts';
import type { SimEvent } from '../sim-event.ts';
import type { Checker } from './checker.ts';

/** Every value that the event proposes or accepts, whoever does it. */
export function proposalsIn(event: SimEvent): AcceptedEntry[] {
  if (event.kind === 'durable') return event.write.kind === 'accept' ? [event.write.entry] : [];
  if (event.kind !== 'step') return [];
  const entries: AcceptedEntry[] = [];
  for (const write of event.output.persist) if (write.kind === 'accept') entries.push(write.entry);
  for (const { message } of event.output.send) if (message.kind === 'accept') entries.push(message);
  return entries;
}

/** Two values are never both chosen for a slot. */
export class Agreement implements Checker {
  readonly property = 'AGREEMENT';

  observe(event: SimEvent, ledger: Ledger): string | undefined {
    if (event.kind !== 'durable' || event.write.kind !== 'accept') return undefined;
    const { slot, ballot, value } = event.write.entry;
    const facts = ledger.slots.get(slot);
    if (facts?.chosen === undefined) return undefined;
    const proposal = facts.proposals.get(ballotKey(ballot));
    if (
      proposal === undefined ||
      proposal.value === facts.chosen ||
      proposal.value !== ledger.numberOf(value)
    )
      return undefined;
    if (countBits(proposal.acceptedBy | (1 << event.node)) < ledger.quorumSize) return undefined;
    return `slot ${slot}: value ${facts.chosen} is chosen at ${describeKey(facts.chosenAt)} and value ${proposal.value} at ${describeKey(proposal.ballot)}`;
  }
}

/** Above the ballot at which a value was chosen nobody accepts another one. */
export class ChosenStable implements Checker {
  readonly property = 'CHOSEN-STABLE';

  observe(event: SimEvent, ledger: Ledger): string | undefined {
    if (event.kind !== 'durable' || event.write.kind !== 'accept') return undefined;
    const { slot, ballot, value } = event.write.entry;
    const facts = ledger.slots.get(slot);
    if (
      facts?.chosen === undefined ||
      ballotKey(ballot) <= facts.chosenAt ||
      ledger.numberOf(value) === facts.chosen
    )
      return undefined;
    return `slot ${slot}: node ${event.node} accepts value ${ledger.numberOf(value)} at ${ballot.round}.${ballot.node}, above the ballot ${describeKey(facts.chosenAt)} at which ${facts.chosen} was chosen`;
  }
}

/** Nothing is proposed that nobody submitted. */
export class Validity implements Checker {
  readonly property = 'VALIDITY';

  observe(event: SimEvent, ledger: Ledger): string | undefined {
    for (const entry of proposalsIn(event)) {
      if (ledger.numberOf(entry.value) === UNKNOWN_VALUE)
        return `slot ${entry.slot}: node ${event.node} proposes or accepts a value that nobody submitted`;
    }
    return undefined;
  }
}

/** A ballot has at most one value for a slot. */
export class OneValuePerBallot implements Checker {
  readonly property = 'ONE-VALUE-PER-BALLOT';

  observe(event: SimEvent, ledger: Ledger): string | undefined {
    for (const { slot, ballot, value } of proposalsIn(event)) {
      const known = ledger.slots.get(slot)?.proposals.get(ballotKey(ballot));
      if (known !== undefined && known.value !== ledger.numberOf(value)) {
        return `slot ${slot}: values ${known.value} and ${ledger.numberOf(value)} at ballot ${ballot.round}.${ballot.node}`;
      }
    }
    return undefined;
  }
}

/**
 * When a value is first proposed at a ballot, no other value can be, or still become, chosen at a lower one: too many
 * nodes are durably bound to higher ballots without having accepted it.
 */
export class SafeValue implements Checker {
  readonly property = 'SAFE-VALUE';

  observe(event: SimEvent, ledger: Ledger): string | undefined {
    for (const { slot, ballot, value } of proposalsIn(event)) {
      const facts = ledger.slot(slot);
      const key = ballotKey(ballot);
      if (facts.proposals.has(key)) continue;
      const broken = rivalOf(facts, key, ledger.numberOf(value), ledger);
      ledger.propose(slot, ballot, value);
      if (broken !== undefined) {
        return `slot ${slot}: value ${ledger.numberOf(value)} is proposed at ${describeKey(key)} while value ${broken.value} can be chosen at ${describeKey(broken.ballot)}`;
      }
    }
    return undefined;
  }
}

function rivalOf(facts: SlotFacts, key: number, value: number, ledger: Ledger): Proposal | undefined {
  for (const lower of facts.proposals.values()) {
    if (lower.ballot >= key || lower.value === value) continue;
    let possible = 0;
    for (const node of ledger.voters) {
      const accepted = (lower.acceptedBy & (1 << node)) !== 0;
      if (accepted || (ledger.durablePromise.get(node) ?? 0) <= lower.ballot) possible += 1;
    }
    if (possible >= ledger.quorumSize) return lower;
  }
  return undefined;
}
