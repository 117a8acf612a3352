/**
 * Rules about ends that nobody chose: a crash between two steps, a restore that was cut off, a connection that breaks, a
 * second process that believes to be the first. For durable backends whose subject can reopen a store.
 */
import assert from 'node:assert/strict';
import { type ApplyBatch, type BackendImage, BackendUnavailable } from '../ports/backend.ts';
import { assertEqualStores } from './backend-conformance-apply.ts';
import { type Bench, type PlainResult, plain, type StoreRun } from './backend-conformance-kit.ts';
import { type BackendRule, NotChecked } from './backend-conformance-rule.ts';
import { record, shown } from './backend-conformance-snapshot.ts';

/** Crashes are tried after 0, 1, 2 ... turns of the event loop, until the work outruns them. */
const LAST_TURN = 12;
const MAX_RETRIES = 200;

export const CRASH_RULES: readonly BackendRule[] = [
  {
    name: 'REOPEN-REMEMBERS',
    claim: 'a store that was closed comes back with its mark, records, last results and digest',
    async check(bench) {
      const [run, twin] = [await durable(bench), await bench.open()];
      const value = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text));
      const records = [record('a', value('1')), record('b', value('2'))];
      await both(run, twin, await bench.writes(run, 5), { records });
      const last = await bench.writes(run, 5);
      const results = await both(run, twin, last, { records: [record('b', null), record('c', value('3'))] });
      await run.backend.flush();
      await bench.end(run);
      const { run: next, image } = await bench.reopen(run);
      assert.deepEqual(image.mark, run.mark);
      assert.deepEqual(shown(image.records), shown([record('a', value('1')), record('c', value('3'))]));
      assert.deepEqual(plain(image.lastResults), results, 'the last results');
      await assertEqualStores(twin, next);
      await both(next, twin, await bench.writes(next, 5));
      await assertEqualStores(twin, next);
    },
  },
  {
    name: 'CRASH-KEEPS-FIRST-ANSWER',
    claim: 'a slot that was applied before a crash, delivered again after it, gives its first results',
    async check(bench) {
      let run = await durable(bench);
      const twin = await bench.open();
      for (let round = 0; round < 4; round++) {
        const bytes = (await bench.writes(run, 6)).map((input) => run.bytesOf(input));
        const batch = run.batchOf(bytes);
        const first = plain(await run.applyBatch(batch));
        await twin.applyBatch(twin.batchOf(bytes));
        await bench.crash(run);
        const { run: next } = await bench.reopen(run);
        // A store may have lost the slot with the crash: then it is executed now, and gives the same.
        assert.deepEqual(
          plain(await next.backend.apply(batch)),
          first,
          'the results of a retry after a crash',
        );
        next.mark = batch.next;
        await assertEqualStores(twin, next);
        run = next;
      }
    },
  },
  {
    name: 'CRASH-BETWEEN-STEPS',
    claim: 'a crash anywhere in apply leaves a store before the slot or behind it, never in between',
    async check(bench) {
      let run = await durable(bench);
      const history = new History(await bench.open());
      for (let turns = 0; turns <= LAST_TURN; turns++) {
        const batch = await history.next(run, await bench.writes(run, 8));
        const attempt = quietly(() => run.backend.apply(batch));
        await passTurns(turns);
        await bench.crash(run);
        await attempt;
        const { run: next, image } = await bench.reopen(run);
        await history.judge(next, image, `a crash after ${turns} turns`);
        await history.catchUp(next);
        run = next;
      }
    },
  },
  {
    name: 'RESTORE-INTERRUPTED',
    claim: 'a crash anywhere in restore leaves the old state or the new one, and restoring again succeeds',
    async check(bench) {
      const [source, run] = [await bench.open(), await durable(bench)];
      for (let slot = 0; slot < 4; slot++) await source.apply(await bench.writes(source, 20));
      await run.apply(await bench.writes(run, 10));
      const [before, after] = [await run.backend.digest(), await source.backend.digest()];
      const snapshot = await source.snapshot();
      let current = run;
      for (let turns = 0; turns <= LAST_TURN; turns++) {
        const attempt = quietly(() => current.restore(snapshot));
        await passTurns(turns);
        await bench.crash(current);
        await attempt;
        const { run: next, image } = await bench.reopen(current);
        const digest = await next.backend.digest();
        const expected = image.mark?.slot === source.mark.slot ? after : before;
        assert.equal(digest, expected, `half a restore, after a crash at turn ${turns}`);
        current = next;
      }
      await current.restore(snapshot);
      await assertEqualStores(source, current);
    },
  },
  {
    name: 'TROUBLE-IS-RETRIED',
    claim: 'a connection that breaks in apply is BackendUnavailable, and the same batch succeeds afterwards',
    async check(bench) {
      const run = await durable(bench);
      const { subject } = bench;
      if (subject.disturb === undefined) throw new NotChecked('the subject cannot disturb its store');
      const twin = await bench.open();
      for (let turns = 0; turns <= LAST_TURN; turns++) {
        const bytes = (await bench.writes(twin, 8)).map((input) => twin.bytesOf(input));
        const batch = run.batchOf(bytes);
        const expected = plain(await twin.applyBatch(twin.batchOf(bytes)));
        const apply = async (): Promise<PlainResult[]> => plain(await run.backend.apply(batch));
        const attempt = unlessTrouble(apply);
        await passTurns(turns);
        await subject.disturb(run.backend);
        const results = (await attempt) ?? (await retried(apply));
        assert.deepEqual(results, expected, `results after trouble at turn ${turns}`);
        run.mark = batch.next;
        const digest = await retried(() => run.backend.digest());
        assert.equal(digest, await twin.backend.digest(), `the state after trouble at turn ${turns}`);
      }
    },
  },
  {
    name: 'ZOMBIE-IS-FENCED',
    claim: 'a backend whose store was taken over by another process can change nothing any more',
    async check(bench) {
      const old = await durable(bench);
      const twin = await bench.open();
      await both(old, twin, await bench.writes(old, 5));
      let taken: StoreRun;
      try {
        ({ run: taken } = await bench.reopen(old));
      } catch {
        return; // A store that lets nobody in beside the first has no zombies.
      }
      const late = old.batchOf((await bench.writes(old, 5)).map((input) => old.bytesOf(input)));
      await both(taken, twin, await bench.writes(taken, 5));
      await assert.rejects(async () => old.backend.apply(late), Error, 'the zombie applied a slot');
      await assertEqualStores(twin, taken);
    },
  },
  {
    name: 'ABORT-ENDS-WORK',
    claim: 'when the signal fires everything under way ends, and close returns',
    async check(bench) {
      const run = await bench.open();
      await run.apply(await bench.writes(run, 5));
      const batch = run.batchOf((await bench.writes(run, 20)).map((input) => run.bytesOf(input)));
      const work = [quietly(() => run.backend.apply(batch)), quietly(() => run.backend.digest())];
      bench.abort(run);
      const { patienceMs } = bench.subject;
      await inTime(Promise.all(work), 'what was under way did not end after the signal', patienceMs);
      await inTime(bench.end(run), 'close did not return after the signal', patienceMs);
    },
  },
];

/** A fresh store of a backend to which these rules apply. */
async function durable(bench: Bench): Promise<StoreRun> {
  const run = await bench.open();
  if (run.backend.durability === 'volatile')
    throw new NotChecked('nothing of a volatile backend outlives it');
  if (bench.subject.reopen === undefined) throw new NotChecked('the subject has no reopen');
  return run;
}

async function both(
  one: StoreRun,
  other: StoreRun,
  inputs: Parameters<StoreRun['apply']>[0],
  options?: Parameters<StoreRun['apply']>[1],
): Promise<PlainResult[]> {
  const results = await one.apply(inputs, options);
  assert.deepEqual(await other.apply(inputs, options), results);
  return results;
}

type Step = {
  readonly batch: ApplyBatch<unknown>;
  readonly bytes: readonly Uint8Array[];
  readonly results: PlainResult[];
  readonly digest: string;
};

/** What every slot does, as a twin that never crashes tells it. */
export class History {
  readonly #twin: StoreRun;
  readonly #steps: Step[] = [];

  constructor(twin: StoreRun) {
    this.#twin = twin;
  }

  /** The next slot, done by the twin at once. */
  async next(run: StoreRun, inputs: Parameters<StoreRun['apply']>[0]): Promise<ApplyBatch<unknown>> {
    const bytes = inputs.map((input) => run.bytesOf(input));
    const batch = this.#twin.batchOf(bytes);
    const results = plain(await this.#twin.applyBatch(batch));
    this.#steps.push({ batch, bytes, results, digest: await this.#twin.backend.digest() });
    return run.batchOf(bytes);
  }

  /** A store may have lost its latest slots with the crash, but each as a whole. */
  async judge(run: StoreRun, image: BackendImage, when: string): Promise<void> {
    const slot = image.mark?.slot ?? 0;
    if (slot === 0) return;
    const step = this.#steps[slot - 1];
    assert.ok(step !== undefined, `${when}: the store is at slot ${slot}, which nobody applied`);
    assert.equal(image.mark?.digest, step.batch.next.digest, `${when}: the mark of slot ${slot}`);
    assert.equal(await run.backend.digest(), step.digest, `${when}: the state does not belong to its mark`);
    assert.deepEqual(plain(image.lastResults), step.results, `${when}: the last results`);
  }

  /** Applies what the store lacks, and its last slot again. */
  async catchUp(run: StoreRun): Promise<void> {
    for (const { bytes, results } of this.#steps.slice(run.mark.slot)) {
      const batch = run.batchOf(bytes);
      assert.deepEqual(plain(await run.applyBatch(batch)), results, `results of slot ${batch.slot}`);
      assert.deepEqual(plain(await run.backend.apply(batch)), results, `slot ${batch.slot} again`);
    }
    await assertEqualStores(this.#twin, run);
  }
}

async function quietly(work: () => unknown): Promise<void> {
  try {
    await inTime(Promise.resolve(work()), '');
  } catch {
    // The node is gone, or will be: nobody hears of it.
  }
}

async function passTurns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}

async function unlessTrouble<Value>(work: () => Promise<Value>): Promise<Value | undefined> {
  try {
    return await work();
  } catch (error) {
    const what = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    assert.ok(error instanceof BackendUnavailable, `a broken connection gives ${what}`);
    return undefined;
  }
}

async function retried<Value>(work: () => Promise<Value>): Promise<Value> {
  for (let attempt = 0; attempt < MAX_RETRIES; attempt++) {
    const value = await unlessTrouble(work);
    if (value !== undefined) return value;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return assert.fail(`the store did it in none of ${MAX_RETRIES} attempts`);
}

/** For work that may never end. */
const PATIENCE_MS = 20_000;

async function inTime<Value>(work: Promise<Value>, what: string, patienceMs = PATIENCE_MS): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new assert.AssertionError({ message: what })), patienceMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
