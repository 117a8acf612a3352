/**
 * Partial partitions: every graph of three and four nodes, and samples of those of five and of one-way graphs, with
 * every leader. Virtual time only. A failure prints the line that plays the case again.
 */
import assert from 'node:assert/strict';
import { asNodeId } from '@quorate/core/protocol';
import { caseName, parseCase, undirectedCases } from '#src/sweeps/graphs/graph-case.ts';
import { GraphPart, type GraphSelection } from '#src/sweeps/graphs/graph-part.ts';
import {
  carries,
  describeGraph,
  graphCount,
  type LinkGraph,
  nodesOf,
  quorumConnected,
} from '#src/sweeps/graphs/link-graph.ts';
import { playCase } from '#src/sweeps/graphs/play-case.ts';
import { replayLine, runPart, sample, stride } from '#src/sweeps/run-part.ts';

const SEED = 20_260_301;
const BUDGET_MS = 60_000;

async function sweep(selection: GraphSelection, count: number): Promise<void> {
  const part = new GraphPart(selection);
  const indices = count >= part.size ? [...stride(0, part.size, 0, 1)] : sample(part.size, count, SEED);
  const { failures, played } = await runPart(part, { indices, count: indices.length, maxFailures: 5 });
  assert.deepEqual(
    failures.map(({ name, complaint }) => `${complaint}\n  replay: ${replayLine(part, name)}`),
    [],
  );
  assert.equal(played, indices.length);
}

describe('sweep: link graphs', () => {
  it('numbers every link once, in both kinds of graphs', () => {
    for (const kind of ['undirected', 'one-way'] as const) {
      for (const nodeCount of [3, 4, 5]) {
        const seen = new Set<string>();
        for (let bits = 1; bits < graphCount(nodeCount, kind); bits *= 2) {
          const graph: LinkGraph = { nodeCount, kind, bits };
          const carried = nodesOf(graph).flatMap((from) =>
            nodesOf(graph)
              .filter((to) => to !== from && carries(graph, from, to))
              .map((to) => `${from}>${to}`),
          );
          assert.equal(carried.length, kind === 'undirected' ? 2 : 1, describeGraph(graph));
          for (const link of carried) seen.add(link);
        }
        assert.equal(seen.size, nodeCount * (nodeCount - 1));
      }
    }
  });

  it('finds who can lead: the hub of a star, everybody in a chain of three, nobody without a majority', () => {
    const whoCan = (nodeCount: number, bits: number): readonly number[] =>
      quorumConnected({ nodeCount, kind: 'undirected', bits });
    assert.deepEqual(whoCan(5, 0b1111), [1], 'a star around node 1');
    assert.deepEqual(whoCan(3, 0b101), [1, 2, 3], 'the chain 1-2-3: two are a majority of three');
    assert.deepEqual(whoCan(4, 0b100001), [], 'two pairs');
    assert.deepEqual(whoCan(5, 0), []);
    assert.deepEqual(whoCan(5, 1023), [1, 2, 3, 4, 5]);
    // 1 hears everybody and is heard by nobody: it reaches no majority.
    assert.deepEqual(quorumConnected({ nodeCount: 3, kind: 'one-way', bits: 0b001010 }), []);
  });

  it('gives every case a name that reads back as the case', () => {
    const cases = [...undirectedCases(3, 'silent'), ...undirectedCases(4, 'noticed')];
    assert.equal(cases.length, 8 * 3 * 2 + 64 * 4 * 2);
    assert.equal(new Set(cases.map(caseName)).size, cases.length);
    for (const graphCase of cases) assert.deepEqual(parseCase(caseName(graphCase)), graphCase);
    assert.deepEqual(parseCase('5-w79e67-leader3-stale2-silent')?.graph, {
      nodeCount: 5,
      kind: 'one-way',
      bits: 0x79e67,
    });
    for (const name of [
      '3-8-leader1-fresh-silent',
      '3-1-leader4-fresh-silent',
      '5-1-leader2-stale2-silent',
      '5-1-leader2',
      '',
    ])
      assert.equal(parseCase(name), undefined, name);
  });

  it('plays a case the same way every time', () => {
    const graphCase = parseCase('5-140-leader1-fresh-silent');
    assert.ok(graphCase !== undefined);
    assert.equal(graphCase.leader, asNodeId(1));
    assert.deepEqual(playCase(graphCase, 7), playCase(graphCase, 7));
  });

  it('recovers on every graph of three nodes, whoever leads, stale or not, noticed or not', async function () {
    this.timeout(BUDGET_MS);
    await sweep(
      { nodeCounts: [3], detections: ['silent', 'noticed'], oneWayCases: 0 },
      Number.POSITIVE_INFINITY,
    );
  });

  it('recovers on every graph of four nodes, whoever leads, stale or not', async function () {
    this.timeout(BUDGET_MS);
    await sweep({ nodeCounts: [4], detections: ['silent'], oneWayCases: 0 }, Number.POSITIVE_INFINITY);
  });

  it('recovers on a sample of the graphs of five nodes', async function () {
    this.timeout(BUDGET_MS);
    await sweep({ nodeCounts: [5], detections: ['silent', 'noticed'], oneWayCases: 0 }, 200);
  });

  it('recovers on a sample of one-way graphs', async function () {
    this.timeout(BUDGET_MS);
    await sweep({ nodeCounts: [], detections: [], oneWayCases: 120 }, 120);
  });
});
