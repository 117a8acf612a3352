/** Purpose: every shape of partition cuts what its name says, for three and for five nodes. */
import assert from 'node:assert/strict';
import { createRandom } from '@quorate/core/protocol';
import { SHAPES, type Shape, sitesOf } from '#src/faults/partitions.ts';
import type { Flow, Site } from '#src/network/network.ts';

const CLIENTS = ['c1', 'c2'] as const;

function flowsOf(name: string, nodes: number, seed = 1): readonly Flow[] {
  const shape = SHAPES.find((candidate) => candidate.name === name) as Shape;
  const numbers = Array.from({ length: nodes }, (_, index) => index + 1);
  return shape.cut(sitesOf(numbers, CLIENTS, 2), createRandom(seed)).flows;
}

/** For each node, how many nodes it can exchange messages with, itself excluded. */
function degrees(flows: readonly Flow[], nodes: number): number[] {
  const isCut = (from: Site, to: Site): boolean => flows.some((flow) => flow.from === from && flow.to === to);
  const sites = Array.from({ length: nodes }, (_, index): Site => `n${index + 1}`);
  return sites.map(
    (one) => sites.filter((other) => one !== other && !isCut(one, other) && !isCut(other, one)).length,
  );
}

function sorted(numbers: readonly number[]): number[] {
  return numbers.toSorted((left, right) => left - right);
}

describe('shapes of partitions', () => {
  it('name no flow twice, and only flows that exist', () => {
    for (const shape of SHAPES) {
      for (const nodes of [3, 5]) {
        if (nodes < shape.minNodes) continue;
        for (let seed = 1; seed <= 20; seed++) {
          const flows = flowsOf(shape.name, nodes, seed);
          const texts = flows.map(({ from, to }) => `${from}>${to}`);
          assert.ok(flows.length > 0, shape.name);
          assert.equal(new Set(texts).size, texts.length, `${shape.name}: ${texts.join(' ')}`);
          for (const { from, to } of flows)
            assert.ok(
              from !== to && !(from.startsWith('c') && to.startsWith('c')),
              `${shape.name}: ${from}>${to}`,
            );
        }
      }
    }
  });

  it('isolate, halve and line up as they say', () => {
    assert.deepEqual(degrees(flowsOf('leader alone', 5), 5), [3, 0, 3, 3, 3]);
    assert.deepEqual(sorted(degrees(flowsOf('one alone', 3), 3)), [0, 1, 1]);
    assert.deepEqual(sorted(degrees(flowsOf('halves', 5), 5)), [1, 1, 2, 2, 2]);
    assert.deepEqual(sorted(degrees(flowsOf('pair', 3), 3)), [1, 1, 2]);
    assert.deepEqual(sorted(degrees(flowsOf('hub', 5), 5)), [1, 1, 1, 1, 4]);
    assert.deepEqual(sorted(degrees(flowsOf('chain', 5), 5)), [1, 1, 2, 2, 2]);
    assert.deepEqual(sorted(degrees(flowsOf('ring', 5), 5)), [2, 2, 2, 2, 2]);
  });

  it('never make the leader the hub', () => {
    for (let seed = 1; seed <= 50; seed++) assert.equal(degrees(flowsOf('hub', 3, seed), 3)[1], 1);
  });

  it('cut one way only where they say so', () => {
    assert.ok(flowsOf('leader mute', 5).every(({ from }) => from === 'n2'));
    assert.ok(flowsOf('leader deaf', 5).every(({ to }) => to === 'n2'));
    assert.equal(flowsOf('leader mute', 5).length, 4);
  });

  it('leave a group of clients on each side of the halves', () => {
    const flows = flowsOf('halves', 5);
    const cutFrom = (client: Site): number => flows.filter(({ from }) => from === client).length;
    assert.deepEqual(sorted([cutFrom('c1'), cutFrom('c2')]), [2, 3]);
  });

  it('leave clients one node, or all but the leader', () => {
    const one = flowsOf('clients with one node', 5);
    assert.equal(one.length, 8);
    const others = flowsOf('clients without leader', 5);
    assert.deepEqual(
      others.map(({ from, to }) => [from, to].includes('n2')),
      [true, true],
    );
  });
});
