/**
 * Which actions a node has of its own accord, within the bounds of the scope. Deliveries come from its mailbox, and
 * what depends on other nodes (campaigns, reads, the number of crashes so far) is decided by the search.
 */
import type { Action } from './action.ts';
import type { ModelNode } from './model-node.ts';
import { boundOf, type Setting } from './setting.ts';

export function ownActions(setting: Setting, node: ModelNode): Action[] {
  return [...flushes(node), ...crashes(node), ...duties(setting, node)];
}

/** Any prefix of what was written may become durable; a learned slot at its end needs no flush. */
function flushes({ unflushed, past }: ModelNode): Action[] {
  if (past.doomed) return [];
  return unflushed.flatMap(({ kind }, index): Action[] =>
    kind === 'learned' ? [] : [{ kind: 'flush', writes: index + 1 }],
  );
}

function crashes(node: ModelNode): Action[] {
  if (node.past.crashesLeft === 0) return [];
  const lost: Action = { kind: 'crash', keepsLearned: false };
  if (node.journalLearned <= node.disk.learnedSlot) return [lost];
  return [lost, { kind: 'crash', keepsLearned: true }];
}

function duties({ protocol, scope }: Setting, { self, state, past }: ModelNode): Action[] {
  const actions: Action[] = [];
  const { leadership } = state;
  const hasSlot = leadership !== undefined && leadership.proposedSlot < scope.slots;
  if (hasSlot && past.proposals < boundOf(scope.proposals, self) && protocol.resumeReplica(state).canPropose)
    actions.push({ kind: 'propose' });
  // Two choices reach both of the peers that may be asked.
  if (past.ticks < boundOf(scope.ticks, self))
    actions.push({ kind: 'tick', choice: 0 }, { kind: 'tick', choice: 0.75 });
  const isInOffice = leadership !== undefined || state.campaign !== undefined;
  if (isInOffice && past.expiries < boundOf(scope.expiries, self)) actions.push({ kind: 'expire' });
  return actions;
}

export function mayCampaign({ scope }: Setting, { self, state, past }: ModelNode): boolean {
  return (
    past.campaigns < boundOf(scope.campaigns, self) &&
    state.leadership === undefined &&
    state.campaign === undefined
  );
}

export function mayRead({ scope }: Setting, { self, past }: ModelNode): boolean {
  return past.reads < boundOf(scope.reads, self);
}
