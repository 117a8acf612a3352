/**
 * Backends that never answer: reads are refused after a bound, nothing piles up behind them, and the node goes on
 * applying. Whoever waits hears of it or is forgotten when its time is over.
 */
import assert from 'node:assert/strict';
import type { Answer, Result } from '@quorate/wire';
import type { Backend } from '#src/ports/index.ts';
import { fillBackend, TestCluster } from './cluster.ts';

const altered = (change: (good: Backend) => Partial<Backend>): Backend => {
  const good = fillBackend();
  const changed = change(good);
  return new Proxy(good, {
    get: (target, name) => {
      const value: unknown = Reflect.get(changed, name) ?? Reflect.get(target, name);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
};

/** Lets promises that are settled be heard. */
const breathe = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('a backend that does not answer', () => {
  let cluster: TestCluster;

  afterEach(() => cluster.stop());

  const passes = (ms: number): void => {
    const untilMs = cluster.clock.nowMs + ms;
    cluster.run(`${ms} ms`, () => cluster.clock.nowMs >= untilMs, 2 * ms);
  };

  it('has its reads refused after queryTimeoutMs, is asked no more until it answers, and goes on applying', async () => {
    const asked: ((result: Result) => void)[] = [];
    const query = (): Promise<Result> => new Promise((resolve) => void asked.push(resolve));
    cluster = await TestCluster.start(1, { queryTimeoutMs: 300 }, () => altered(() => ({ query })));
    cluster.run('a leader', () => cluster.leader === 1);
    const { client, session } = cluster.clientWithSession(1);
    const { engine } = cluster.node(1);
    const ask = (line: string): number =>
      client.request(line.startsWith('get') ? 0 : session, [line])[0] ?? 0;
    const answered = (sequence: number): Answer | undefined => {
      cluster.run(`an answer to ${sequence}`, () => client.answerTo(sequence) !== undefined);
      return client.answerTo(sequence);
    };
    const isServable = (): boolean | undefined =>
      engine.readiness().find(({ name }) => name === 'backend')?.ok;

    const lost = ask('get key');
    cluster.run('the query', () => asked.length === 1);
    const write = ask('fill key 1');
    const refused = answered(lost);
    assert.ok(refused?.kind === 'error' && refused.code === 'BACKEND_UNAVAILABLE');
    assert.equal(refused.outcome, 'none');
    assert.match(refused.message, /has not answered within 300 ms \(queryTimeoutMs\)/);
    await breathe();
    assert.equal(answered(write)?.kind, 'result');

    const next = answered(ask('get key'));
    assert.ok(next?.kind === 'error' && next.code === 'BACKEND_UNAVAILABLE');
    assert.equal(asked.length, 1, 'another query was piled on the one that hangs');
    assert.equal(isServable(), false);
    assert.match(engine.status().backend.detail, /1 queries were given up/);

    asked[0]?.({ ok: true, value: new Uint8Array(4) });
    await breathe();
    assert.equal(isServable(), true);
    const last = ask('get key');
    cluster.run('the next query', () => asked.length === 2);
    asked[1]?.({ ok: true, value: new Uint8Array(3) });
    await breathe();
    const served = answered(last);
    assert.ok(served?.kind === 'result' && served.result.ok && served.result.value?.length === 3);
  });

  it('holds no read longer than its time-out, and leaves room for those that come later', async () => {
    let go: (() => void) | undefined;
    const slow = (good: Backend): Partial<Backend> => ({
      apply: (batch) =>
        batch.commands.length === 0
          ? good.apply(batch)
          : new Promise<void>((resolve) => {
              go = resolve;
            }).then(() => good.apply(batch)),
    });
    cluster = await TestCluster.start(1, { maxWaitingReads: 2 }, () => altered(slow));
    cluster.run('a leader', () => cluster.leader === 1);
    const { client, session } = cluster.clientWithSession(1);
    client.request(session, ['fill key 3']);
    cluster.run('the batch', () => go !== undefined);
    const early = client.request(0, ['get key', 'get key'], { timeoutMs: 100 });
    const [crowded = 0] = client.request(0, ['get key']);
    cluster.run('a refusal', () => client.answerTo(crowded) !== undefined);
    const refused = client.answerTo(crowded);
    assert.ok(refused?.kind === 'error' && refused.code === 'OVERLOADED');
    passes(2000);
    const [late = 0] = client.request(0, ['get key'], { timeoutMs: 60_000 });
    passes(500);
    go?.();
    await breathe();
    cluster.run('the late read', () => client.answerTo(late)?.kind === 'result');
    assert.deepEqual(
      early.map((sequence) => client.answerTo(sequence)),
      [undefined, undefined],
    );
  });

  it('is fenced on a lone node: what was under way is unknown, what waited is not executed', async () => {
    let fail: (() => void) | undefined;
    const broken = (good: Backend): Partial<Backend> => ({
      apply: (batch) =>
        batch.commands.length === 0
          ? good.apply(batch)
          : new Promise((_, reject) => {
              fail = () => reject(new Error('foreign data'));
            }),
    });
    cluster = await TestCluster.start(1, { pipelineSlots: 2, maxBatchBytes: 1 }, () => altered(broken));
    cluster.run('a leader', () => cluster.leader === 1);
    const { client, session } = cluster.clientWithSession(1);
    const sequences = Array.from(
      { length: 6 },
      (_, index) => client.request(session, [`fill key${index} 1`], { timeoutMs: 3000 })[0] ?? 0,
    );
    cluster.run('the first batch', () => fail !== undefined);
    passes(100);
    fail?.();
    await breathe();
    cluster.run('all answers', () => sequences.every((one) => client.answerTo(one) !== undefined));
    const answers = sequences.map((sequence) => {
      const answer = client.answerTo(sequence);
      return answer?.kind === 'error' ? `${answer.code} ${answer.outcome}` : answer?.kind;
    });
    assert.ok(answers.includes('BACKEND_DIVERGED unknown'), answers.join());
    assert.equal(answers.at(-1), 'TIMEOUT none');
    assert.equal(cluster.node(1).engine.status().queuedBytes, 0);
  });
});
