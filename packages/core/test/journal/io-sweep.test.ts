/**
 * Journals that fail: a sample of all writes and reads of a run of three engines, in virtual time. The node ends with
 * JOURNAL_IO and says nothing more, the others go on, and nothing that was answered is lost.
 */
import assert from 'node:assert/strict';
import { streamOf } from '#src/protocol/random.ts';
import { ioCases, nameOfIo, parseIo, playIo } from './io-sweep.ts';
import type { IoCase } from './io-sweep-case.ts';

const SEED = 20_260_305;
const SAMPLES = 300;
const BUDGET_MS = 120_000;

describe('journal errors', () => {
  let cases: readonly IoCase[];

  before(async function () {
    this.timeout(BUDGET_MS);
    cases = await ioCases();
  });

  it('may strike many writes and reads of every node', () => {
    const of = (node: number, operation: string): number =>
      cases.filter((one) => one.node === node && one.fault.operation === operation).length;
    for (const node of [1, 2, 3])
      assert.ok(
        of(node, 'write') > 300 && of(node, 'read') > 3,
        `node ${node}: ${of(node, 'write')} writes, ${of(node, 'read')} reads`,
      );
    for (const one of cases.slice(0, 20)) assert.deepEqual(parseIo(nameOfIo(one)), one);
    for (const name of [
      '',
      'node4-read1',
      'node1-read1-leaves-all',
      'node1-write1',
      'node1-write0-leaves-all',
    ])
      assert.equal(parseIo(name), undefined, name);
  });

  it(`end the node and nothing else, in a sample of ${SAMPLES} cases`, async function () {
    this.timeout(BUDGET_MS);
    const random = streamOf(SEED, 'io');
    // Reads are few and the less travelled way: all of them, and writes for the rest.
    const reads = cases.filter(({ fault }) => fault.operation === 'read');
    const writes = random.shuffle(cases.filter(({ fault }) => fault.operation === 'write'));
    const failures: string[] = [];
    for (const one of [...reads, ...writes].slice(0, SAMPLES)) {
      const { complaint } = await playIo(one);
      if (complaint !== undefined)
        failures.push(
          `${nameOfIo(one)}: ${complaint}\n  replay: npm run sweep -- --io --case ${nameOfIo(one)}`,
        );
      if (failures.length >= 5) break;
    }
    assert.deepEqual(failures, []);
  });
});
