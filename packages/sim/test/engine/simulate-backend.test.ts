/**
 * A backend that keeps its contract passes inside a simulated cluster; one that breaks it is caught there.
 */
import assert from 'node:assert/strict';
import { KvBackend } from '@quorate/backend-kv';
import { type Backend, defineBackend } from '@quorate/core/ports';
import { textCommand } from '@quorate/core/testing';
import { type SimulatedBackend, simulateBackend } from '#src/engine/simulate-backend.ts';

const BUDGET_MS = 60_000;
const SEEDS = { first: 1, last: 6 };

const KV: SimulatedBackend = {
  name: 'kv',
  create: () => new KvBackend() as Backend,
  commands: ['SET a 1', 'SET b 2', 'DEL a', 'GET a', 'GET b'].map(textCommand),
};

describe('a backend inside a simulated cluster', () => {
  it('passes when it keeps the contract: the key-value backend', async function () {
    this.timeout(BUDGET_MS);
    const report = await simulateBackend(KV, { seeds: SEEDS });
    assert.deepEqual(report.failures, []);
    assert.equal(report.seeds, 6);
    assert.ok(report.slots > 100, `${report.slots} slots were applied`);
    assert.ok(report.requests > 300, `${report.requests} requests came to an end`);
  });

  it('is caught when its results depend on the node', async function () {
    this.timeout(BUDGET_MS);
    const report = await simulateBackend(
      { ...KV, name: 'by-node', create: ({ node }) => ofNode(node), commands: [textCommand('who')] },
      { seeds: SEEDS, nodes: 3 },
    );
    assert.ok(report.failures.length > 0);
    assert.deepEqual([...new Set(report.failures.map(({ property }) => property))], ['HASH-EQUAL']);
  });

  it('is caught when it does not expect a batch to come again', async function () {
    this.timeout(BUDGET_MS);
    const report = await simulateBackend(
      { ...KV, create: () => new Forgetful() as Backend },
      { seeds: SEEDS },
    );
    assert.ok(report.failures.length > 0);
    for (const { sentence } of report.failures) assert.match(sentence, /fenced/);
  });
});

/** Knows its mark, and not that a batch may come a second time. */
class Forgetful extends KvBackend {
  #slot = 0;

  override apply(batch: Parameters<KvBackend['apply']>[0]): ReturnType<KvBackend['apply']> {
    if (batch.slot !== this.#slot + 1) throw new Error(`slot ${batch.slot} after ${this.#slot}`);
    this.#slot = batch.slot;
    return super.apply(batch);
  }
}

/** Answers with the number of the node that it runs on. */
function ofNode(node: number): Backend {
  return defineBackend({
    name: 'by-node',
    initial: () => ({ asked: 0 }),
    parse: () => ({ ok: true, access: 'write', command: null }),
    execute: (state) => {
      state.asked += 1;
      return `node ${node}`;
    },
  }) as Backend;
}
