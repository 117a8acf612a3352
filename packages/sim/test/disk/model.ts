/**
 * What a journal must hold, written from the contract of the port: a plain list of everything that was appended, and
 * what its first so many appends amount to.
 */
import type { OpenedJournal, PeerRecord } from '@quorate/core/ports';
import {
  type AcceptedEntry,
  asNodeId,
  asSlot,
  type Ballot,
  type JournalWrite,
  maxBallot,
  NOOP,
  type Random,
  ZERO_BALLOT,
} from '@quorate/core/protocol';

type Body<Write> = Write extends unknown ? Omit<Write, 'sequence'> : never;
export type WriteBody = Body<JournalWrite>;
/** `restart`: a new life went on from this learned slot. */
export type Step =
  | { readonly kind: 'append'; readonly writes: readonly WriteBody[] }
  | { readonly kind: 'restart'; readonly learnedSlot: number };

export type State = {
  readonly held: ReadonlyMap<number, { readonly entry: AcceptedEntry; readonly chosen: boolean }>;
  readonly promised: Ballot;
  readonly learnedSlot: number;
};

export function stateAfter(steps: readonly Step[]): State {
  const held = new Map<number, { entry: AcceptedEntry; chosen: boolean }>();
  let promised = ZERO_BALLOT;
  let learnedSlot = 0;
  const put = (entry: AcceptedEntry, chosen: boolean): void => {
    if (entry.slot > learnedSlot && held.get(entry.slot)?.chosen !== true)
      held.set(entry.slot, { entry, chosen });
  };
  for (const step of steps) {
    if (step.kind === 'restart') {
      learnedSlot = step.learnedSlot;
      continue;
    }
    for (const write of step.writes) {
      if (write.kind === 'learned') learnedSlot = Math.max(learnedSlot, write.slot);
      else if (write.kind === 'promise') promised = maxBallot(promised, write.ballot);
      else {
        if (write.kind === 'accept') promised = maxBallot(promised, write.entry.ballot);
        put(write.entry, write.kind === 'chosen');
      }
    }
  }
  return { held, promised, learnedSlot };
}

/** A few writes that are legal in this state. */
export function drawWrites(random: Random, steps: readonly Step[], stamp: () => number): WriteBody[] {
  const writes: WriteBody[] = [];
  for (let count = random.between(1, 4); count > 0; count--)
    writes.push(drawOne(random, stateAfter([...steps, { kind: 'append', writes }]), stamp));
  return writes;
}

function drawOne(random: Random, { held, promised, learnedSlot }: State, stamp: () => number): WriteBody {
  const draw = random.below(10);
  const round = promised.round + random.below(2);
  const node = asNodeId(random.between(1, 3));
  if (draw === 0) return { kind: 'promise', ballot: { round, node } };
  if (draw <= 4 && held.has(learnedSlot + 1)) return { kind: 'learned', slot: asSlot(learnedSlot + 1) };
  const bytes = new Uint8Array(random.pick([1, 30, 300, 1200])).fill(random.below(256));
  const value = random.chance(0.2) ? NOOP : ({ kind: 'batch', stampMs: stamp(), bytes } as const);
  const entry = { slot: asSlot(learnedSlot + random.between(1, 5)), ballot: { round, node }, value };
  return { kind: draw <= 6 ? 'chosen' : 'accept', entry };
}

/** Undefined when the journal holds this state, except that what was learned may lag; else what differs. */
export function differenceFrom(
  state: State,
  { image }: OpenedJournal,
  read: readonly AcceptedEntry[],
): string | undefined {
  const show = (value: unknown): string => JSON.stringify(value);
  if (show(image.promised) !== show(state.promised))
    return `promised ${show(image.promised)} instead of ${show(state.promised)}`;
  const wanted = [...state.held.values()].sort((left, right) => left.entry.slot - right.entry.slot);
  const learned = wanted.filter(({ entry }) => entry.slot <= image.learnedSlot).map(({ entry }) => entry);
  if (learned.length !== image.learnedSlot)
    return `learned ${image.learnedSlot} although ${learned.length} are held`;
  const rest = wanted
    .filter(({ entry }) => entry.slot > image.learnedSlot)
    .map(({ entry, chosen }) => ({ ...entry, chosen }));
  if (!equal(image.accepted, rest))
    return `accepted ${describe(image.accepted)} instead of ${describe(rest)}`;
  const mayBeLearned = Math.max(state.learnedSlot, highestChosen(state));
  if (image.learnedSlot > mayBeLearned) return `learned ${image.learnedSlot}, at most ${mayBeLearned} was`;
  return equal(read, learned) ? undefined : `reads ${describe(read)} instead of ${describe(learned)}`;
}

export function samePeers(left: readonly PeerRecord[], right: readonly PeerRecord[]): boolean {
  return JSON.stringify(left) === JSON.stringify(right);
}

function highestChosen({ held, learnedSlot }: State): number {
  let slot = learnedSlot;
  while (held.get(slot + 1)?.chosen === true) slot += 1;
  return slot;
}

function equal(left: readonly object[], right: readonly object[]): boolean {
  return JSON.stringify(left.map(plain)) === JSON.stringify(right.map(plain));
}

function plain(entry: object): unknown {
  const { slot, ballot, value, chosen } = entry as AcceptedEntry & { chosen?: boolean };
  return [
    slot,
    ballot.round,
    ballot.node,
    chosen,
    value.kind === 'noop' ? 0 : [value.stampMs, ...value.bytes],
  ];
}

function describe(entries: readonly AcceptedEntry[]): string {
  return entries.map(({ slot, ballot }) => `${slot}@${ballot.round}.${ballot.node}`).join(' ');
}
