/**
 * Runs inside a mutant's directory: cases of the sweep over link graphs until one fails, in steps that spread them over
 * all graphs, leaders and kinds of trouble. Prints one line of JSON, a `GraphsReport`. Argument: number of cases.
 */
import { GraphPart } from '../../sweeps/graphs/graph-part.ts';
import { cpuSeconds } from './cpu-seconds.ts';

export type GraphsReport = {
  /** Cases that were played, the failing one included. */
  readonly cases: number;
  readonly cpuSeconds: number;
  readonly failure?: { readonly name: string; readonly rule: string; readonly sentence: string };
};

/** Prime, so that no case is played twice before all are. */
const STRIDE = 7919;

const count = Number(process.argv[2]);
process.stdout.write(`${JSON.stringify(await hunt(new GraphPart(), count))}\n`);

async function hunt(part: GraphPart, cases: number): Promise<GraphsReport> {
  for (let played = 0; played < cases; played++) {
    const name = part.nameOf((played * STRIDE) % part.size);
    const complaint = await part.find(name)?.play();
    if (complaint === undefined) continue;
    const rule = /\b[A-Z]+(?:-[A-Z]+)+\b/.exec(complaint)?.[0] ?? 'unnamed';
    return { cases: played + 1, cpuSeconds: cpuSeconds(), failure: { name, rule, sentence: complaint } };
  }
  return { cases, cpuSeconds: cpuSeconds() };
}
