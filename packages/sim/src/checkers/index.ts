/** All checkers of the first depth, in the order in which they look at an event. */
import type { NodeId, ProtocolLimits } from '@quorate/core/protocol';
import type { SimDisk } from '../world/journal.ts';
import { AcceptGePromise, BallotUnique, DurableBeforeSend, PromiseMono } from './acceptor.ts';
import type { Checker } from './checker.ts';
import { Agreement, ChosenStable, OneValuePerBallot, SafeValue, Validity } from './chosen.ts';
import { LearnMatch, Order, PrefixApply, ReadIndex, ReplyTruth, Window } from './learner.ts';

export function allCheckers(limits: ProtocolLimits, disks: ReadonlyMap<NodeId, SimDisk>): Checker[] {
  return [
    new Validity(),
    new OneValuePerBallot(),
    // Notes proposals in the ledger as they are first seen: the two above must have looked before.
    new SafeValue(),
    new PromiseMono(),
    new AcceptGePromise(),
    new BallotUnique(),
    new DurableBeforeSend(disks),
    new Agreement(),
    new ChosenStable(),
    new LearnMatch(),
    new PrefixApply(),
    new Window(limits),
    new ReadIndex(),
    new ReplyTruth(),
    new Order(limits),
  ];
}
