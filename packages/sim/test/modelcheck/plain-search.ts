/**
 * The same search written plainly, to hold the fast one against: every state is three nodes and a set of letters,
 * every action is carried out anew, and states are compared by their whole text. Nothing is reduced and nothing is
 * remembered. Far too slow for anything but small scopes.
 */
import type { Action, Letter, Violation } from '#src/modelcheck/action.ts';
import { messageText, nodeText } from '#src/modelcheck/canonical.ts';
import { mayCampaign, mayRead, ownActions } from '#src/modelcheck/enabled.ts';
import { Judge, type World } from '#src/modelcheck/judge.ts';
import type { ModelNode } from '#src/modelcheck/model-node.ts';
import { perform } from '#src/modelcheck/perform.ts';
import { freshWorld } from '#src/modelcheck/replay.ts';
import { boundOf, type Setting } from '#src/modelcheck/setting.ts';

type PlainState = { readonly world: World; readonly sent: ReadonlyMap<string, Letter> };

export type PlainResult = {
  readonly states: number;
  readonly violation: Violation | undefined;
  /** Every node that was met, by its text: all the different objects that share it, up to a few. */
  readonly variants: ReadonlyMap<string, readonly ModelNode[]>;
  readonly letters: readonly Letter[];
};

const MAX_VARIANTS = 4;

export function plainSearch(setting: Setting, maxStates: number): PlainResult {
  const judge = new Judge(setting.protocol);
  const known = new Set<string>();
  const queue: PlainState[] = [];
  const variants = new Map<string, ModelNode[]>();
  const letters = new Map<string, Letter>();
  const textOf = (node: ModelNode): string => nodeTextIn(setting, node);
  const add = (state: PlainState): void => {
    const nodes = state.world.map(textOf);
    for (const [column, text] of nodes.entries())
      noteVariant(variants, text, state.world[column] as ModelNode);
    const text = [...nodes, ...[...state.sent.keys()].sort()].join('\n\n');
    if (known.has(text)) return;
    known.add(text);
    queue.push(state);
  };
  for (const crashes of setting.scope.crashes) add({ world: freshWorld(setting, crashes), sent: new Map() });
  for (let index = 0; index < queue.length && known.size < maxStates; index++) {
    const { world, sent } = queue[index] as PlainState;
    for (const node of world) {
      for (const action of actionsOf(setting, world, node, sent)) {
        const outcome = perform(setting, node, action);
        if (outcome === undefined) continue;
        const next = world.map((other) => (other === node ? outcome.node : other)) as unknown as World;
        const violation = outcome.violation ?? judge.judge(next, outcome.facts).violation;
        if (violation !== undefined)
          return { states: known.size, violation, variants, letters: [...letters.values()] };
        const nowSent = new Map(sent);
        for (const letter of outcome.letters) {
          nowSent.set(letterText(letter), letter);
          letters.set(letterText(letter), letter);
        }
        add({ world: next, sent: nowSent });
      }
    }
  }
  return { states: known.size, violation: undefined, variants, letters: [...letters.values()] };
}

export function nodeTextIn(setting: Setting, node: ModelNode): string {
  return nodeText(node, node.past.campaigns < boundOf(setting.scope.campaigns, node.self));
}

export function letterText({ from, to, message }: Letter): string {
  return `${from}>${to} ${messageText(message)}`;
}

function actionsOf(
  setting: Setting,
  world: World,
  node: ModelNode,
  sent: ReadonlyMap<string, Letter>,
): Action[] {
  const actions = [...ownActions(setting, node)];
  for (const { from, to, message } of sent.values())
    if (to === node.self) actions.push({ kind: 'deliver', from, message });
  if (mayCampaign(setting, node)) {
    for (const granter of world) if (granter !== node) actions.push({ kind: 'campaign', granter });
  }
  if (mayRead(setting, node)) {
    actions.push({ kind: 'read', floorSlot: Math.max(...world.map(({ past }) => past.highestLearned)) });
  }
  return actions;
}

function noteVariant(variants: Map<string, ModelNode[]>, text: string, node: ModelNode): void {
  const alike = variants.get(text);
  if (alike === undefined) variants.set(text, [node]);
  else if (alike.length < MAX_VARIANTS && !alike.includes(node)) alike.push(node);
}
