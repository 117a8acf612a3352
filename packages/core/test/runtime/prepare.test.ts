/**
 * Commands that a backend prepares on the leader before they enter the log: in order, bounded in number and time, and
 * with true words about those that do not get there.
 */
import assert from 'node:assert/strict';
import type { Answer } from '@quorate/wire';
import { type Backend, BackendDiverged, BackendUnavailable, CommandRefused } from '#src/ports/index.ts';
import type { RuntimeLimits } from '#src/runtime/limits.ts';
import { fillBackend, type TestClient, TestCluster } from './cluster.ts';
import { Links } from './links.ts';

type Command = { readonly verb: string; readonly key: string; readonly filler: Uint8Array };
type Prepare = (command: Command, nowMs: number, random: (count: number) => Uint8Array) => unknown;

/** `fill KEY BYTES` and `take KEY`, prepared by `prepare`. */
const prepared = (prepare: Prepare): Backend => {
  const backend = fillBackend();
  backend.prepare = (command, { nowMs, random }) => prepare(command as Command, nowMs, random);
  return backend;
};

/** Promises have run, and what they led to is in the queues. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const codeOf = (answer: Answer | undefined): string =>
  answer?.kind === 'error' ? `${answer.code} ${answer.outcome}` : JSON.stringify(answer);

describe('a backend that prepares commands', () => {
  let cluster: TestCluster;
  let client: TestClient;
  let session: number;
  let links: Links;

  const start = async (prepare: Prepare, limits: Partial<RuntimeLimits> = {}): Promise<void> => {
    cluster = await TestCluster.start(3, limits, () => prepared(prepare));
    links = new Links(cluster);
    cluster.run('a leader', () => cluster.leader !== 0);
    ({ client, session } = cluster.clientWithSession(cluster.leader));
  };
  const answers = async (sequences: readonly number[]): Promise<readonly (Answer | undefined)[]> => {
    await settled();
    cluster.run('answers', () => sequences.every((one) => client.answerTo(one) !== undefined), 60_000);
    return sequences.map((one) => client.answerTo(one));
  };
  const lengthOf = async (line: string): Promise<number | undefined> => {
    const [answer] = await answers(client.request(session, [line]));
    assert.ok(answer?.kind === 'result' && answer.result.ok, codeOf(answer));
    return answer.result.value?.length;
  };
  const status = (): ReturnType<TestCluster['nodes'][number]['engine']['status']> =>
    cluster.node(cluster.leader).engine.status();

  afterEach(() => cluster.stop());

  it('gives every node what it fixed: time and chance differ, the replicas do not', async () => {
    const seen: number[] = [];
    await start(async (command, nowMs, random) => {
      seen.push(nowMs);
      return { ...command, filler: random(1 + (random(1)[0] ?? 0)) };
    });
    for (const line of ['fill one 0', 'fill two 0', 'fill one 0'])
      await answers(client.request(session, [line]));
    assert.ok(seen.length === 3 && seen.every((nowMs) => nowMs >= 1_700_000_000_000));
    cluster.run('one history', () => new Set(cluster.nodes.map((n) => n.engine.status().digest)).size === 1);
    assert.ok((await lengthOf('get one')) !== undefined);
  });

  it('keeps the order of a session, whichever command is ready first', async () => {
    const waiting: (() => void)[] = [];
    await start((command) => {
      if (command.verb !== 'fill') return command;
      return new Promise((resolve) => waiting.push(() => resolve(command)));
    });
    const sequences = [
      ...client.request(session, ['fill key 3']),
      ...client.request(session, ['fill key 5', 'take key']),
    ];
    cluster.clock.step();
    await settled();
    assert.equal(waiting.length, 2);
    waiting[1]?.();
    await settled();
    cluster.run('nothing yet', () => cluster.clock.nowMs > 0);
    assert.equal(client.answerTo(sequences[2] ?? 0), undefined);
    waiting[0]?.();
    const [, , taken] = await answers(sequences);
    assert.ok(taken?.kind === 'result' && taken.result.ok);
    assert.equal(taken.result.value?.length, 5);
  });

  it('tells a refusal with its reason, logs nothing of it, and the rest goes on', async () => {
    await start((command) => {
      if (command.key === 'bad') throw new CommandRefused('bad keys are refused; take another');
      if (command.key === 'worse') throw new RangeError('a bug');
      return command;
    });
    const before = status().learnedSlot;
    const [bad, worse] = await answers(client.request(session, ['fill bad 1', 'fill worse 1']));
    assert.equal(codeOf(bad), 'REFUSED none');
    assert.match(bad?.kind === 'error' ? bad.message : '', /take another/);
    assert.equal(codeOf(worse), 'REFUSED none');
    assert.equal(status().learnedSlot, before, 'something was logged');
    const [refused, good] = await answers(client.request(session, ['fill bad 1', 'fill good 2']));
    assert.equal(codeOf(refused), 'REFUSED none');
    assert.equal(good?.kind, 'result');
    assert.equal(await lengthOf('get good'), 2);
  });

  it('says that nothing was executed while the store is away, and gives leadership away', async () => {
    await start(async () => {
      throw new BackendUnavailable('the store is away');
    });
    const leader = cluster.leader;
    const [answer] = await answers(client.request(session, ['fill key 1']));
    assert.equal(codeOf(answer), 'BACKEND_UNAVAILABLE none');
    cluster.run('another leader', () => ![0, leader].includes(cluster.leader), 60_000);
  });

  it('is fenced when it finds that its store contradicts the log', async () => {
    await start(() => {
      throw new BackendDiverged('somebody else wrote');
    });
    const leader = cluster.leader;
    const [answer] = await answers(client.request(session, ['fill key 1']));
    assert.equal(codeOf(answer), 'BACKEND_UNAVAILABLE none');
    assert.equal(cluster.node(leader).engine.status().backend.state, 'fenced');
  });

  it('answers in time for a call that never returns, and ignores what it says later', async () => {
    let finish: (() => void) | undefined;
    await start(
      (command) =>
        command.key === 'slow' ? new Promise((resolve) => (finish = () => resolve(command))) : command,
      { prepareTimeoutMs: 200 },
    );
    const [slow, behind] = await answers(client.request(session, ['fill slow 1', 'fill quick 1']));
    assert.equal(codeOf(slow), 'BACKEND_UNAVAILABLE none');
    assert.equal(behind?.kind, 'result');
    finish?.();
    await settled();
    assert.equal(await lengthOf('get slow'), undefined);
    assert.equal(status().preparing, 0);
  });

  it('has a bound on calls at the same time, and refuses what waits too long behind it', async () => {
    let underWay = 0;
    let most = 0;
    const waiting: (() => void)[] = [];
    await start(
      (command) => {
        most = Math.max(most, ++underWay);
        return new Promise((resolve) =>
          waiting.push(() => {
            underWay -= 1;
            resolve(command);
          }),
        );
      },
      { maxPreparing: 2, prepareTimeoutMs: 200 },
    );
    const sequences = client.request(session, ['fill a 1', 'fill b 1', 'fill c 1']);
    const [first, , third] = await answers(sequences);
    assert.equal(codeOf(first), 'BACKEND_UNAVAILABLE none');
    assert.equal(codeOf(third), 'OVERLOADED none');
    for (const go of waiting.splice(0)) go();
    await settled();
    const more = client.request(session, ['fill a 1', 'fill b 1', 'fill c 1']);
    for (let round = 0; round < 3; round++) {
      cluster.clock.step();
      for (const go of waiting.splice(0)) go();
      await settled();
    }
    assert.deepEqual(
      (await answers(more)).map((answer) => answer?.kind),
      ['result', 'result', 'result'],
    );
    assert.equal(most, 2);
  });

  it('never executes what was being prepared when leadership was lost', async () => {
    const waiting: (() => void)[] = [];
    await start((command) =>
      command.verb === 'fill' ? new Promise((resolve) => waiting.push(() => resolve(command))) : command,
    );
    const leader = cluster.leader;
    const [sequence = 0] = client.request(session, ['fill key 4']);
    cluster.clock.step();
    links.isolate(leader);
    cluster.run('a successor', () => ![0, leader].includes(cluster.leader), 20_000);
    const [answer] = await answers([sequence]);
    assert.equal(codeOf(answer), 'NO_LEADER none');
    links.heal();
    for (const go of waiting) go();
    await settled();
    const reader = cluster.connect(cluster.leader);
    const [read = 0] = reader.request(0, ['get key']);
    cluster.run('a read', () => reader.answerTo(read) !== undefined, 20_000);
    const got = reader.answerTo(read);
    assert.ok(got?.kind === 'result' && got.result.ok && got.result.value === null, codeOf(got));
  });

  it('gives a retry its first answer, even when preparing would refuse it now', async () => {
    const spent = new Set<string>();
    await start(async (command) => {
      if (command.verb === 'take' && spent.has(command.key)) throw new CommandRefused('nothing is left');
      return command;
    });
    const leader = cluster.leader;
    await answers(client.request(session, ['fill key 6']));
    const [taken = 0] = client.request(session, ['take key']);
    await answers([taken]);
    spent.add('key');
    for (const node of [leader, (leader % 3) + 1]) {
      const again = cluster.connect(node);
      again.repeat(session, ['take key'], [taken]);
      await settled();
      for (let round = 0; round < 20 && again.answerTo(taken) === undefined; round++) {
        cluster.clock.step();
        await settled();
      }
      const answer = again.answerTo(taken);
      assert.ok(answer?.kind === 'result' && answer.result.ok, codeOf(answer));
      assert.equal(answer.result.value?.length, 6);
    }
  });

  it('tells the first answer instead of a refusal, when an attempt took effect while another was prepared', async () => {
    const waiting: { readonly go: () => void; readonly refuse: () => void }[] = [];
    await start((command) => {
      if (command.verb !== 'take') return command;
      return new Promise((resolve, reject) => {
        const refuse = (): void => reject(new CommandRefused('nothing is left'));
        waiting.push({ go: () => resolve(command), refuse });
      });
    });
    await answers(client.request(session, ['fill key 6']));
    const [taken = 0] = client.request(session, ['take key']);
    const again = cluster.connect(cluster.leader);
    again.repeat(session, ['take key'], [taken]);
    cluster.clock.step();
    assert.equal(waiting.length, 2);
    waiting[0]?.go();
    await answers([taken]);
    waiting[1]?.refuse();
    await settled();
    cluster.run('the repetition', () => again.answerTo(taken) !== undefined);
    const answer = again.answerTo(taken);
    assert.ok(answer?.kind === 'result' && answer.result.ok, codeOf(answer));
    assert.equal(answer.result.value?.length, 6);
  });

  it('tells the first answer also when a later attempt was prepared into something too long', async () => {
    const waiting: ((filler: number) => void)[] = [];
    await start(
      (command) =>
        new Promise((resolve) =>
          waiting.push((length) => resolve({ ...command, filler: new Uint8Array(length) })),
        ),
      { maxCommandBytes: 20_000 },
    );
    const [filled = 0] = client.request(session, ['fill key 1']);
    const again = cluster.connect(cluster.leader);
    again.repeat(session, ['fill key 1'], [filled]);
    cluster.clock.step();
    assert.equal(waiting.length, 2);
    waiting[0]?.(5);
    assert.equal((await answers([filled]))[0]?.kind, 'result');
    waiting[1]?.(30_000);
    await settled();
    cluster.run('the repetition', () => again.answerTo(filled) !== undefined);
    assert.equal(again.answerTo(filled)?.kind, 'result', codeOf(again.answerTo(filled)));
  });

  it('bounds what comes out: too long is refused, and long groups become several', async () => {
    await start((command) => ({ ...command, filler: new Uint8Array(command.filler.length * 1000) }), {
      maxCommandBytes: 20_000,
      maxBatchBytes: 20_000,
    });
    const sequences = client.request(session, ['fill a 30', 'fill b 12', 'fill c 12', 'fill d 12']);
    const [first, ...rest] = await answers(sequences);
    assert.equal(codeOf(first), 'TOO_LARGE none');
    assert.deepEqual(
      rest.map((answer) => answer?.kind),
      ['result', 'result', 'result'],
    );
    assert.equal(await lengthOf('get d'), 12_000);
  });
});
