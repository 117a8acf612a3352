/** A store that is to be opened again is asked for nothing until it is, whoever waits for it. */
import assert from 'node:assert/strict';
import { crc32 } from 'node:zlib';
import type { Answer } from '@quorate/wire';
import {
  type ApplyBatch,
  type Backend,
  type BackendImage,
  BackendRewound,
  EMPTY_IMAGE,
} from '#src/ports/index.ts';
import type { Journal } from '#src/ports/journal.ts';
import { SILENT_LOGGER } from '#src/ports/logger.ts';
import { asSlot, type ChosenEntry } from '#src/protocol/types.ts';
import { Applier } from '#src/runtime/applier.ts';
import { DEFAULT_RUNTIME_LIMITS } from '#src/runtime/limits.ts';
import { ReadDesk } from '#src/runtime/read-desk.ts';
import type { Responder } from '#src/runtime/responder.ts';
import type { WaitingQuery } from '#src/runtime/waiting-queries.ts';
import { fillBackend, TestCluster, VirtualClock } from './cluster.ts';

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const noop = (slot: number): ChosenEntry =>
  ({ slot: asSlot(slot), ballot: { round: 1, node: 1 }, value: { kind: 'noop' } }) as unknown as ChosenEntry;

function applierOf(
  backend: Backend,
  clock: VirtualClock,
  reopen: () => Promise<BackendImage>,
  onReopened: () => void = () => undefined,
): Applier {
  return new Applier({
    backend,
    image: EMPTY_IMAGE,
    reopen,
    clusterId: 'test',
    group: 0,
    journal: { readEntries: () => [noop(1), noop(2)] } as unknown as Journal,
    clock,
    logger: SILENT_LOGGER,
    limits: DEFAULT_RUNTIME_LIMITS,
    checksum: (bytes, seed) => crc32(bytes, seed),
    handlers: {
      onApplied: () => undefined,
      waitersOf: () => undefined,
      onProgress: () => undefined,
      onReopened,
      onFenced: (detail) => assert.fail(detail),
      onJournalFailure: (error) => assert.fail(error),
    },
  });
}

describe('a store that a read found older', () => {
  it('is opened before the reads that wait and the next batch are given to it', async () => {
    const events: string[] = [];
    const clock = new VirtualClock();
    const backend = {
      name: 'slow',
      durability: 'durable',
      apply: async ({ slot }: ApplyBatch<unknown>) => {
        events.push(`apply ${slot}`);
        await settled();
        return [];
      },
    } as unknown as Backend;
    const applier = applierOf(backend, clock, async () => {
      events.push('open');
      return EMPTY_IMAGE;
    });
    applier.deliver([noop(1)]);
    applier.pump();
    for (let round = 0; round < 5; round++) await settled();
    const read = (name: string, after: () => void): WaitingQuery => ({
      slot: asSlot(1),
      run: async () => {
        events.push(`read ${name}`);
        await settled();
        after();
      },
      refuse: (why) => assert.fail(why),
    });
    applier.whenApplied(read('first', () => applier.rewound('the store is at slot 0')));
    applier.whenApplied(read('second', () => undefined));
    applier.deliver([noop(2)]);
    applier.pump();
    for (let round = 0; round < 400 && !events.includes('apply 2'); round++) {
      await settled();
      // Time stands still at first: whatever does not wait for the opening happens now.
      if (round > 20) clock.step();
    }
    assert.deepEqual(events.slice(0, 3), ['apply 1', 'read first', 'open']);
    assert.equal(events.filter((event) => event === 'open').length, 1);
    assert.deepEqual(events.slice(3).sort(), ['apply 1', 'apply 2', 'read second']);
  });

  it('is opened again also when it says so at once', async () => {
    const events: string[] = [];
    const clock = new VirtualClock();
    const backend = {
      name: 'at-once',
      durability: 'durable',
      apply: ({ slot }: ApplyBatch<unknown>) => {
        events.push(`apply ${slot}`);
        return [];
      },
      query: () => {
        events.push('read');
        throw new BackendRewound('the store is at slot 0');
      },
    } as unknown as Backend;
    const applier = applierOf(backend, clock, async () => {
      events.push('open');
      return EMPTY_IMAGE;
    });
    applier.deliver([noop(1)]);
    applier.pump();
    const answers: Answer[] = [];
    const responder: Responder = {
      isFull: false,
      add: (answer) => void answers.push(answer),
      addResult: () => assert.fail('it was not read'),
      addEncoded: () => assert.fail('it was not read'),
    };
    new ReadDesk(backend, applier, clock, DEFAULT_RUNTIME_LIMITS).addStale({
      responder,
      sequence: 7,
      command: undefined,
      deadlineMs: Number.POSITIVE_INFINITY,
    });
    applier.deliver([noop(2)]);
    applier.pump();
    for (let round = 0; round < 400 && !events.includes('apply 2'); round++) {
      await settled();
      clock.step();
    }
    assert.deepEqual(events, ['apply 1', 'read', 'open', 'apply 1', 'apply 2']);
    assert.deepEqual(
      answers.map((answer) => answer.kind === 'error' && answer.code),
      ['BACKEND_UNAVAILABLE'],
    );
  });
});

describe('a store that was found older by preparing a command', () => {
  it('is opened again, and takes the next command', async () => {
    let opened = 0;
    const cluster = await TestCluster.start(1, {}, () => {
      const backend = fillBackend();
      const open = backend.open.bind(backend);
      backend.open = (context) => {
        opened += 1;
        return open(context);
      };
      backend.prepare = (command) => {
        if (opened === 1) throw new BackendRewound('the store is at slot 0');
        return command;
      };
      return backend;
    });
    cluster.run('a leader', () => cluster.leader === 1);
    const { client, session } = cluster.clientWithSession(1);
    const answerTo = async (line: string): Promise<Answer | undefined> => {
      const [sequence = 0] = client.request(session, [line]);
      for (let round = 0; round < 1000 && client.answerTo(sequence) === undefined; round++) {
        cluster.clock.step();
        await settled();
      }
      return client.answerTo(sequence);
    };
    const first = await answerTo('fill key 3');
    assert.ok(first?.kind === 'error' && first.code === 'BACKEND_UNAVAILABLE' && first.outcome === 'none');
    for (let round = 0; round < 1000 && opened < 2; round++) {
      cluster.clock.step();
      await settled();
    }
    assert.equal((await answerTo('fill key 3'))?.kind, 'result');
    assert.deepEqual([opened, cluster.node(1).engine.status().backend.state], [2, 'ok']);
    cluster.stop();
  });

  it('is opened after the read that is under way, and once', async () => {
    const events: string[] = [];
    const clock = new VirtualClock();
    const backend = { name: 'slow', durability: 'durable', apply: () => [] } as unknown as Backend;
    const applier = applierOf(backend, clock, async () => {
      events.push('open');
      return EMPTY_IMAGE;
    });
    let answer: () => void = () => assert.fail('nothing was read');
    const run = (): Promise<void> =>
      new Promise((resolve) => {
        answer = resolve;
      });
    applier.whenApplied({ slot: asSlot(0), run, refuse: (why) => assert.fail(why) });
    const passes = async (): Promise<void> => {
      for (let round = 0; round < 100; round++) {
        await settled();
        clock.step();
      }
    };
    applier.reopen('the store is at slot 0');
    await passes();
    events.push('read');
    answer();
    await settled();
    assert.equal(applier.health.state, 'retrying');
    applier.reopen('the store is at slot 0');
    await passes();
    assert.deepEqual(events, ['read', 'open']);
    // What was said before it was opened is not believed afterwards.
    applier.whenApplied({ slot: asSlot(0), run: async () => undefined, refuse: (why) => assert.fail(why) });
    await passes();
    assert.deepEqual(events, ['read', 'open']);
  });
});

describe('a node that ends while its store is opened again', () => {
  it('asks nothing of the store any more', async () => {
    const events: string[] = [];
    const clock = new VirtualClock();
    const backend = {
      name: 'at-once',
      durability: 'durable',
      apply: ({ slot }: ApplyBatch<unknown>) => {
        events.push(`apply ${slot}`);
        return [];
      },
    } as unknown as Backend;
    const reopen = async (): Promise<BackendImage> => EMPTY_IMAGE;
    // As a node does whose journal cannot be read when the mark of the store is compared with it.
    const applier = applierOf(backend, clock, reopen, () => {
      events.push('opened');
      applier.stop();
    });
    applier.reopen('the store is at slot 0');
    applier.deliver([noop(1)]);
    for (let round = 0; round < 100; round++) {
      await settled();
      clock.step();
    }
    assert.deepEqual(events, ['opened']);
  });
});
