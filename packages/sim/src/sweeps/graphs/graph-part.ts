/**
 * The graph sweep as a part: all undirected graphs of five nodes x leader x fresh or stale hub, links breaking
 * silently; the same with broken links noticed, for a fresh cluster; and one-way graphs drawn from a fixed stream.
 *
 * All leaders and all labelled graphs are played, not one of each shape: nodes differ by their number, which breaks
 * ties between ballots, so two graphs of one shape are not the same case.
 */
import { streamOf } from '@quorate/core/protocol';
import type { TraceOptions } from '../../trace.ts';
import { Peak, type SweepCase, type SweepPart } from '../sweep-part.ts';
import { caseName, drawOneWayCase, type GraphCase, parseCase, undirectedCases } from './graph-case.ts';
import { describeGraph } from './link-graph.ts';
import { playCase } from './play-case.ts';

const ONE_WAY_SEED = 1;

export type GraphSelection = {
  /** Undirected graphs of this many nodes. */
  readonly nodeCounts: readonly number[];
  readonly detections: readonly GraphCase['detection'][];
  readonly oneWayCases: number;
};

export const ALL_GRAPHS: GraphSelection = {
  nodeCounts: [5],
  detections: ['silent', 'noticed'],
  oneWayCases: 20_000,
};

export class GraphPart implements SweepPart {
  readonly name = 'graphs';
  readonly title = 'link graphs: recovery within 4 election time-outs, no flapping';
  readonly #names: readonly string[];
  readonly #salt: number;
  readonly #graphs: Set<string> = new Set();
  #cases = 0;
  #recovered = 0;
  #lonely = 0;
  #flapped = 0;
  readonly #slowest = new Peak();
  readonly #leaderChanges = new Peak();
  readonly #preVotes = new Peak();

  /** Another `salt` is another draw of latencies and timers for every case. */
  constructor(selection: GraphSelection = ALL_GRAPHS, salt = 0) {
    this.#salt = salt;
    const names: string[] = [];
    for (const detection of selection.detections) {
      for (const nodeCount of selection.nodeCounts)
        for (const graphCase of undirectedCases(nodeCount, detection)) names.push(caseName(graphCase));
    }
    for (let index = 0; index < selection.oneWayCases; index++)
      names.push(caseName(drawOneWayCase(streamOf(ONE_WAY_SEED, `one-way/${index}`))));
    this.#names = names;
  }

  get size(): number {
    return this.#names.length;
  }

  nameOf(index: number): string {
    return this.#names[index] ?? '';
  }

  find(name: string): SweepCase | undefined {
    const graphCase = parseCase(name);
    return graphCase === undefined
      ? undefined
      : { name, play: (trace) => this.#play(graphCase, name, trace) };
  }

  figures(): readonly (readonly [string, string])[] {
    return [
      ['graphs', `${this.#graphs.size} in ${this.#cases} cases`],
      ['a node reaches a majority: recovered', `${this.#recovered}`],
      ['no node does: quiet until healed', `${this.#lonely}`],
      ['slowest recovery, election time-outs', this.#slowest.describe(2)],
      ['cases with a change of leader after the recovery', `${this.#flapped}`],
      ['most changes of leader after the recovery', this.#leaderChanges.describe(0)],
      ['most pre-votes of a node per election time-out', this.#preVotes.describe(1)],
    ];
  }

  #play(graphCase: GraphCase, name: string, trace?: TraceOptions): string | undefined {
    const { graph } = graphCase;
    this.#cases += 1;
    this.#graphs.add(`${graph.nodeCount}${graph.kind}${graph.bits}`);
    const verdict = playCase(graphCase, streamOf(this.#salt, name).uint32(), trace);
    if (!verdict.ok) return `${describeGraph(graph)}: ${verdict.complaint}`;
    const { recoveredTimeouts, leaderChanges, preVotesPerTimeout } = verdict.report;
    if (recoveredTimeouts === undefined) this.#lonely += 1;
    else this.#recovered += 1;
    if (leaderChanges > 0) this.#flapped += 1;
    this.#slowest.note(recoveredTimeouts ?? 0, name);
    this.#leaderChanges.note(leaderChanges, name);
    this.#preVotes.note(preVotesPerTimeout, name);
    return undefined;
  }
}
