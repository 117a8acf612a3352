/**
 * One failing seed, reduced: what `npm run sim:shrink` does, in whichever copy of the code it was imported from.
 */
import { cpuSeconds } from '../bugbank/drivers/cpu-seconds.ts';
import type { History } from './history.ts';
import { printHistory } from './history-text.ts';
import { record } from './record.ts';
import { reduce } from './reduce.ts';

export type ShrinkOptions = {
  readonly seed: number;
  /** Seconds of processor time for the reduction, so that a busy machine does not change the result. */
  readonly budgetSeconds: number;
  readonly say: (line: string) => void;
};

export type Shrunk = {
  readonly property: string;
  readonly sentence: string;
  /** Decisions before. */
  readonly recorded: number;
  readonly history: History;
  /** The history as a transcript. */
  readonly text: string;
};

/** Why there is nothing to show. */
export type NotShrunk = { readonly why: string };

export function shrinkSeed({ seed, budgetSeconds, say }: ShrinkOptions): Shrunk | NotShrunk {
  const { verdict, history } = record(seed);
  if (verdict.ok) return { why: `seed ${seed} does not fail` };
  const { violated, sentence } = verdict;
  say(`seed ${seed} fails at event ${verdict.events}: ${sentence}`);
  say(`${history.deeds.length} decisions of ${history.setting.nodeCount} nodes`);
  const endsAt = cpuSeconds() + budgetSeconds;
  const reduced = reduce(history, violated, {
    isOver: () => cpuSeconds() > endsAt,
    onPass: (name, deeds) => say(`  ${name}: ${deeds} decisions left`),
  });
  if (reduced === undefined)
    return {
      why: `${violated} does not fail when the decisions alone are played: it is about what does not happen, which only a whole run shows. Replay it: ${verdict.replay}`,
    };
  const heading = [
    sentence,
    `Reduced from seed ${seed} of the simulator: ${reduced.deeds.length} of ${history.deeds.length} decisions. "hold": the node does nothing by`,
    'itself afterwards; else it ends its turn, flushes and applies. Indented: what comes of it.',
  ];
  const text = printHistory(reduced, heading);
  return { property: violated, sentence, recorded: history.deeds.length, history: reduced, text };
}
