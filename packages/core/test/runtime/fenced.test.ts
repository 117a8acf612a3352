/** A store that was fenced stays fenced, whatever was asked of it before and comes back afterwards. */
import assert from 'node:assert/strict';
import { crc32 } from 'node:zlib';
import type { Answer } from '@quorate/wire';
import {
  type ApplyBatch,
  type Backend,
  type BackendImage,
  BackendRewound,
  BackendUnavailable,
  EMPTY_IMAGE,
} from '#src/ports/index.ts';
import type { Journal } from '#src/ports/journal.ts';
import { SILENT_LOGGER } from '#src/ports/logger.ts';
import { asSlot, type ChosenEntry } from '#src/protocol/types.ts';
import { Applier } from '#src/runtime/applier.ts';
import type { Waiter } from '#src/runtime/batcher.ts';
import { DEFAULT_RUNTIME_LIMITS } from '#src/runtime/limits.ts';
import { VirtualClock } from './cluster.ts';

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const noop = (slot: number): ChosenEntry =>
  ({ slot: asSlot(slot), ballot: { round: 1, node: 1 }, value: { kind: 'noop' } }) as unknown as ChosenEntry;

/** One node's applier over a store whose answers the test gives, with somebody who waits for sequence 7 in every slot. */
class Bench {
  readonly events: string[] = [];
  readonly answers: Answer[] = [];
  readonly clock = new VirtualClock();
  readonly applier: Applier;
  /** The answer of the store to the batch that it was given last. */
  answer: (error?: Error) => void = () => assert.fail('nothing was asked');

  constructor() {
    const backend = {
      name: 'slow',
      durability: 'durable',
      apply: ({ slot }: ApplyBatch<unknown>) => {
        this.events.push(`apply ${slot}`);
        return new Promise<readonly []>((resolve, reject) => {
          this.answer = (error) => (error === undefined ? resolve([]) : reject(error));
        });
      },
    } as unknown as Backend;
    const waiters: Waiter[] = [
      {
        sequences: [7],
        takesEchoes: false,
        responder: {
          isFull: false,
          add: (answer) => void this.answers.push(answer),
          addResult: () => assert.fail('no command was executed'),
          addEncoded: () => assert.fail('no command was executed'),
        },
      },
    ];
    this.applier = new Applier({
      backend,
      image: EMPTY_IMAGE,
      reopen: async (): Promise<BackendImage> => {
        this.events.push('open');
        return EMPTY_IMAGE;
      },
      clusterId: 'test',
      group: 0,
      journal: { readEntries: () => [noop(1), noop(2)] } as unknown as Journal,
      clock: this.clock,
      logger: SILENT_LOGGER,
      limits: DEFAULT_RUNTIME_LIMITS,
      checksum: (bytes, seed) => crc32(bytes, seed),
      handlers: {
        onApplied: (slot) => void this.events.push(`applied ${slot}`),
        waitersOf: () => ({ bytes: new Uint8Array(0), waiters }),
        onProgress: () => this.applier.pump(),
        onReopened: () => void this.events.push('reopened'),
        onFenced: () => void this.events.push('fenced'),
        onJournalFailure: (error) => assert.fail(error),
      },
    });
    this.applier.deliver([noop(1), noop(2)]);
    this.applier.pump();
  }

  /** Everything that is under way, and whatever waits for a time. */
  async run(): Promise<void> {
    for (let round = 0; round < 40; round++) {
      await settled();
      this.clock.step();
    }
  }

  assertFenced(events: readonly string[]): void {
    assert.deepEqual(this.events, events);
    assert.deepEqual(this.applier.health, { state: 'fenced', detail: 'another history' });
    assert.equal(this.applier.appliedSlot, 0);
    assert.deepEqual(
      this.answers.map((answer) => [answer.sequence, answer.kind === 'error' && answer.code]),
      [[7, 'BACKEND_DIVERGED']],
    );
  }
}

describe('a store that was fenced while something was asked of it', () => {
  it('stays fenced when its batch succeeds, and whoever waits is told once', async () => {
    const bench = new Bench();
    bench.applier.fence('another history');
    bench.answer();
    await bench.run();
    bench.assertFenced(['apply 1', 'fenced']);
  });

  for (const error of [
    new BackendUnavailable('away'),
    new BackendRewound('older'),
    new Error('the store says no'),
  ])
    it(`stays fenced when its batch fails (${error.name}), and whoever waits is told once`, async () => {
      const bench = new Bench();
      bench.applier.fence('another history');
      bench.answer(error);
      await bench.run();
      bench.assertFenced(['apply 1', 'fenced']);
    });

  it('is not asked for the batch again that waits for it', async () => {
    const bench = new Bench();
    bench.answer(new BackendUnavailable('away'));
    await settled();
    bench.applier.fence('another history');
    await bench.run();
    bench.assertFenced(['apply 1', 'fenced']);
  });

  it('is not opened again', async () => {
    const bench = new Bench();
    bench.answer(new BackendRewound('older'));
    await settled();
    assert.deepEqual(
      bench.answers.splice(0).map((answer) => answer.kind === 'error' && answer.code),
      ['BACKEND_UNAVAILABLE'],
    );
    bench.applier.fence('another history');
    await bench.run();
    assert.deepEqual(bench.events, ['apply 1', 'fenced']);
    assert.equal(bench.applier.health.state, 'fenced');
  });

  it('is not used when it was being opened again', async () => {
    const bench = new Bench();
    bench.answer(new BackendRewound('older'));
    for (let round = 0; round < 40 && !bench.events.includes('open'); round++) {
      await settled();
      bench.clock.step();
      if (bench.events.includes('open')) bench.applier.fence('another history');
    }
    await bench.run();
    assert.deepEqual(bench.events, ['apply 1', 'open', 'fenced']);
    assert.equal(bench.applier.health.state, 'fenced');
  });
});
