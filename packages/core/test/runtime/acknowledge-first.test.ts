/**
 * A follower whose store would keep the event loop busy acknowledges what it has flushed before it applies what was chosen
 * before; but it never puts off applying for longer than one turn, and not at all while a read waits for it.
 */
import assert from 'node:assert/strict';
import type { Backend, PackedBatch, ResultSink } from '#src/ports/index.ts';
import { fillBackend, TestCluster, type TestNode } from './cluster.ts';
import { otherThan } from './links.ts';

type Happening = 'flush begins' | 'frame to the leader' | 'applied';

/** Executes commands where they lie, and tells. */
function packedBackend(applied: () => void): Backend {
  const applyPacked = ({ count }: PackedBatch, results: ResultSink): void => {
    applied();
    for (let ordinal = 0; ordinal < count; ordinal++) results.nil();
  };
  return new Proxy(fillBackend(), {
    get: (target, name) => {
      if (name === 'applyPacked') return applyPacked;
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

describe('a follower with a store in memory', () => {
  let cluster: TestCluster;
  let follower: number;
  let node: TestNode;
  let happenings: Happening[];

  beforeEach(async () => {
    let created = 0;
    cluster = await TestCluster.start(3, {}, () => {
      const id = ++created;
      return packedBackend(() => {
        if (id === follower) happenings.push('applied');
      });
    });
    follower = 0;
    happenings = [];
    cluster.run('a leader', () => cluster.leader !== 0);
    follower = otherThan(cluster.leader);
    node = cluster.node(follower);
    record();
  });
  afterEach(() => cluster.stop());

  function record(): void {
    const { journal } = node;
    const append = journal.append.bind(journal);
    journal.append = (...args) => {
      happenings.push('flush begins');
      append(...args);
    };
    const carry = cluster.carry.bind(cluster);
    cluster.carry = (from, to, lane, frame) => {
      if (from === follower) happenings.push('frame to the leader');
      return carry(from, to, lane, frame);
    };
  }

  it('acknowledges a batch before it applies the one before it', () => {
    const { client, session } = cluster.clientWithSession(cluster.leader);
    happenings = [];
    // Each next one is there when the one before is chosen: the follower hears of both at once.
    const sequences = Array.from({ length: 20 }, () => {
      const [sequence = 0] = client.request(session, ['fill key 5']);
      cluster.clock.step();
      return sequence;
    });
    cluster.run('all answers', () => sequences.every((sequence) => client.answerTo(sequence) !== undefined));
    const behind = happenings.flatMap((what, index) =>
      what === 'flush begins' ? [happenings[index + 1]] : [],
    );
    assert.ok(behind.length > 1, happenings.join(', '));
    assert.ok(
      behind.every((what) => what === 'frame to the leader'),
      happenings.join(', '),
    );
    assert.ok(happenings.includes('applied'), happenings.join(', '));
  });

  it('puts off applying once, however fast flushes follow one another', () => {
    const { client, session } = cluster.clientWithSession(cluster.leader);
    happenings = [];
    const sequences: number[] = [];
    // Something new in every round: one flush begins when another one ends.
    const ask = (): void => {
      sequences.push(...client.request(session, ['fill key 5']));
      if (sequences.length < 100) cluster.clock.soon(ask);
    };
    ask();
    cluster.run('all answers', () => sequences.every((sequence) => client.answerTo(sequence) !== undefined));
    assert.ok(happenings.filter((what) => what === 'flush begins').length > 20, happenings.join(', '));
    const acknowledged = 'flush begins, frame to the leader';
    assert.ok(!happenings.join(', ').includes(`${acknowledged}, ${acknowledged}`), happenings.join(', '));
  });

  it('does not put it off when a read waits for it', () => {
    const { client, session } = cluster.clientWithSession(cluster.leader);
    const reader = cluster.clientWithSession(follower);
    // The follower hears what is chosen before it has the values, so that its read waits.
    const held: (() => void)[] = [];
    const carry = cluster.carry.bind(cluster);
    cluster.carry = (from, to, lane, frame) => {
      if (to !== follower || lane === 'control') return carry(from, to, lane, frame);
      const copy = frame.slice();
      held.push(() => void carry(from, to, lane, copy));
      return true;
    };
    const [written = 0] = client.request(session, ['fill key 5']);
    cluster.run('the answer', () => client.answerTo(written) !== undefined);
    const [read = 0] = reader.client.request(reader.session, ['get key']);
    for (let step = 0; step < 3; step++) cluster.clock.step();
    assert.equal(reader.client.answerTo(read), undefined, 'it did not wait');
    happenings = [];
    for (const release of held) release();
    cluster.run('the read', () => reader.client.answerTo(read) !== undefined);
    assert.equal(happenings.slice(0, 2).join(', '), 'flush begins, applied', happenings.join(', '));
  });

  it('applies what a majority has flushed while its own disk is stuck', () => {
    const { client, session } = cluster.clientWithSession(cluster.leader);
    happenings = [];
    node.diskIsStuck = true;
    const sequences = client.request(session, ['fill key 5']);
    cluster.run('the answer', () => sequences.every((sequence) => client.answerTo(sequence) !== undefined));
    cluster.run('the follower', () => happenings.includes('applied'));
    assert.ok(happenings.includes('flush begins'), happenings.join(', '));
  });
});
