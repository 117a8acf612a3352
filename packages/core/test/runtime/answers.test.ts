/**
 * A receiver that does not keep up is told so answer by answer. It is neither cut off, which would lose the small
 * answers with the large ones, nor may it make the node hold all that it asked for.
 */
import assert from 'node:assert/strict';
import { ANSWER_FRAME_BYTES, MAX_WAITING_ANSWER_BYTES } from '#src/runtime/responder.ts';
import { TestCluster } from './cluster.ts';

const MIB = 1024 * 1024;
const VALUE_BYTES = MIB - 1024;

describe('answers that are not read', function () {
  this.timeout(20_000); // Tens of megabytes go through three nodes.
  let cluster: TestCluster;

  beforeEach(async () => {
    cluster = await TestCluster.start(3);
    cluster.run('a leader', () => cluster.leader !== 0);
  });

  afterEach(() => cluster.stop());

  it('stops at the bound with reads that were not served, and serves them when they are asked again', () => {
    const { client, session } = cluster.clientWithSession(cluster.leader);
    const [written = 0] = client.request(session, [`fill key ${VALUE_BYTES}`]);
    cluster.run('the write', () => client.answerTo(written)?.kind === 'result');
    client.reads = false;
    const reads = Array.from({ length: 200 }, () => 'get key');
    const sequences = client.request(session, reads);
    cluster.run('200 answers', () => sequences.every((sequence) => client.answerTo(sequence) !== undefined));
    assert.ok(client.queuedBytes <= MAX_WAITING_ANSWER_BYTES + 2 * MIB, `${client.queuedBytes} bytes`);
    const longest = Math.max(...client.frames.map(({ length }) => length));
    assert.ok(longest <= ANSWER_FRAME_BYTES + MIB, `a frame of ${longest} bytes`);
    const refused = sequences.filter((sequence) => client.answerTo(sequence)?.kind === 'error');
    assert.ok(refused.length > 100);
    for (const sequence of refused) {
      const answer = client.answerTo(sequence);
      assert.ok(answer?.kind === 'error' && answer.code === 'OVERLOADED' && answer.outcome === 'none');
    }
    client.reads = true;
    client.queuedBytes = 0;
    client.repeat(session, reads.slice(0, refused.length), refused);
    cluster.run('the rest', () => refused.every((one) => client.answerTo(one)?.kind === 'result'));
  });

  for (const where of ['the leader', 'a follower']) {
    it(`says of a write at ${where} that it may have been executed, and gives its result when it is asked again`, () => {
      const node = where === 'the leader' ? cluster.leader : (cluster.leader % 3) + 1;
      const { client, session } = cluster.clientWithSession(node);
      const keys = Array.from({ length: 36 }, (_, index) => `key${index}`);
      const fills = client.request(
        session,
        keys.map((key) => `fill ${key} ${VALUE_BYTES}`),
      );
      cluster.run('36 writes', () => fills.every((one) => client.answerTo(one)?.kind === 'result'));
      client.reads = false;
      const takes = keys.map((key) => `take ${key}`);
      const sequences = client.request(session, takes);
      cluster.run('36 answers', () => sequences.every((one) => client.answerTo(one) !== undefined));
      const unread = sequences.flatMap((one, index) =>
        client.answerTo(one)?.kind === 'error' ? [{ one, line: takes[index] ?? '' }] : [],
      );
      assert.ok(unread.length > 0 && unread.length < 36, `${unread.length} of 36`);
      for (const { one } of unread) {
        const answer = client.answerTo(one);
        assert.ok(answer?.kind === 'error' && answer.code === 'DISCONNECTED' && answer.outcome === 'unknown');
      }
      client.reads = true;
      client.queuedBytes = 0;
      client.repeat(
        session,
        unread.map(({ line }) => line),
        unread.map(({ one }) => one),
      );
      cluster.run('the rest', () => unread.every(({ one }) => client.answerTo(one)?.kind === 'result'));
      for (const one of sequences) {
        const answer = client.answerTo(one);
        assert.ok(answer?.kind === 'result' && answer.result.ok);
        assert.equal(answer.result.value?.length, VALUE_BYTES);
      }
    });
  }
});
