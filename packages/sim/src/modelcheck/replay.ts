/**
 * Plays the steps of a counterexample with the real code, one after another, without anything that a search keeps: no
 * catalogue, no stations, no reduction but the fates that the steps name. What it finds was really there.
 */
import type { Action, Letter, Violation } from './action.ts';
import { Judge, type World } from './judge.ts';
import type { Note } from './node-turn.ts';
import { freshNode, perform } from './perform.ts';
import type { Counterexample } from './search.ts';
import type { Setting } from './setting.ts';
import type { Column, Step } from './successors.ts';

export type ReplayObserver = {
  onStep?(step: Step, world: World): void;
  onLine?(column: Column, line: string): void;
};

/** The world at the start and the first violation on the way. @throws ImpossibleStep */
export function replay(
  setting: Setting,
  { crashes, steps }: Pick<Counterexample, 'crashes' | 'steps'>,
  observer: ReplayObserver = {},
): Violation | undefined {
  const judge = new Judge(setting.protocol);
  let world = freshWorld(setting, crashes);
  const sent: Letter[] = [];
  for (const step of steps) {
    observer.onStep?.(step, world);
    requireSent(step, sent);
    const { column } = step;
    const note: Note = (line) => observer.onLine?.(column, line);
    const outcome = perform(setting, world[column], inWorld(step.action, world), note);
    if (outcome === undefined)
      throw new ImpossibleStep(`${step.action.kind} cannot happen at node ${column + 1}`);
    sent.push(...outcome.letters);
    // Over something that does not count here perhaps.
    const after = outcome.stopped ? world[column] : outcome.node;
    world = world.map((node, other) => (other === column ? after : node)) as unknown as World;
    for (const violation of [outcome.violation, judge.judge(world, outcome.facts).violation]) {
      if (violation !== undefined && (setting.noticed?.has(violation.property) ?? true)) return violation;
    }
  }
  return undefined;
}

/** Leaves out every step that the violation does not need. */
export function shorten(setting: Setting, counterexample: Counterexample): Counterexample {
  let { steps } = counterexample;
  for (let index = steps.length - 1; index >= 0; index--) {
    const fewer = steps.filter((_, other) => other !== index);
    if (showsTheSame(setting, { ...counterexample, steps: fewer })) steps = fewer;
  }
  return { ...counterexample, steps };
}

function showsTheSame(setting: Setting, { violation, crashes, steps }: Counterexample): boolean {
  try {
    return replay(setting, { crashes, steps })?.property === violation.property;
  } catch (error) {
    // Without the step that was left out, a later one has no cause.
    if (error instanceof ImpossibleStep) return false;
    throw error;
  }
}

/** A list of steps that no cluster can take. */
export class ImpossibleStep extends Error {}

export function freshWorld(setting: Setting, crashes: readonly number[]): World {
  return setting.voters.map((self, column) =>
    freshNode(setting, self, crashes[column] ?? 0),
  ) as unknown as World;
}

/** Whoever granted the pre-vote is in this world another object than in the search. */
function inWorld(action: Action, world: World): Action {
  if (action.kind !== 'campaign') return action;
  return { ...action, granter: world[(action.granter.self - 1) as Column] };
}

/** Nothing is delivered that was not sent before. */
function requireSent({ column, action }: Step, sent: readonly Letter[]): void {
  if (action.kind !== 'deliver') return;
  const text = JSON.stringify(action.message);
  const wasSent = sent.some(
    (letter) =>
      letter.from === action.from && letter.to === column + 1 && JSON.stringify(letter.message) === text,
  );
  if (!wasSent)
    throw new ImpossibleStep(`node ${column + 1} receives ${action.message.kind}, which nobody sent`);
}
