/**
 * Purpose: what a cluster is said to be, for every way in which its nodes can answer. Each row lists what the nodes
 * say (`L3` leads in round 3, `F1` follows node 1, `C` campaigns, `-` is silent) and the verdict.
 */
import assert from 'node:assert/strict';
import { type NodeStatus, parseStatus } from '#src/spawn/node-status.ts';
import { isHealthy, renderReport, summarize } from '#src/status/report.ts';

const ROWS: readonly (readonly [
  answers: string,
  leader: number | null,
  quorum: boolean,
  healthy: boolean,
])[] = [
  ['L2 F1 F1', 1, true, true],
  ['L2 F1 -', 1, true, true],
  ['L2 - -', null, false, false],
  ['- - -', null, false, false],
  ['C C F0', null, true, false],
  // A leader that was cut off still calls itself one; the quorum follows the other.
  ['L2 L3 F2', 2, true, true],
  // It may even sit in a higher round that nobody promised.
  ['L9 L3 F2', 2, true, true],
  ['L2 F0 F0', null, true, false],
  ['L1', 1, true, true],
  ['L2 F1 F1 - -', 1, true, true],
  ['L2 F1 - - -', null, false, false],
];

describe('the state of a cluster', () => {
  for (const [answers, leader, quorum, healthy] of ROWS) {
    it(`${answers}: leader ${leader ?? 'none'}, ${quorum ? 'quorum' : 'no quorum'}`, () => {
      const report = summarize(answers.split(' ').map((word, index) => answerOf(index + 1, word)));
      assert.deepEqual(
        { leader: report.leader, quorum: report.quorum, healthy: isHealthy(report) },
        { leader, quorum, healthy },
      );
    });
  }

  it('is printed with the silent nodes in it', () => {
    const report = summarize(['L2', 'F1', '-'].map((word, index) => answerOf(index + 1, word)));
    assert.equal(
      renderReport(report, 'plain'),
      `node  addr         role         ballot  learned  applied  pid
   1  127.0.0.1:1  leader          2.1        7        6  101
   2  127.0.0.1:2  follower        1.2        7        6  102
   3  127.0.0.1:3  unreachable  -       -        -        -
quorum: 2 of 3 nodes answer, node 1 leads
`,
    );
  });
});

describe('the backends of a cluster', () => {
  const told = (backend: unknown): string => {
    const text = JSON.stringify({
      node: 1,
      addr: 'a:1',
      pid: 7,
      role: 'leader',
      ballot: { round: 1, node: 1 },
      leader: 1,
      backend,
    });
    return renderReport(summarize([{ addr: 'a:1', status: parseStatus(text) }]), 'plain')
      .split('\n')
      .slice(2)
      .join('\n');
  };
  const verdict = 'quorum: 1 of 1 nodes answer, node 1 leads\n';

  it('are named with their trouble, and not mentioned when they are well', () => {
    const well = { name: 'postgres', state: 'ok', detail: '', health: { ok: true, detail: 'PostgreSQL 15' } };
    const health = { ok: false, detail: 'away' };
    assert.equal(told(well), verdict);
    assert.equal(told({ ...well, health }), `node 1: its store: away\n${verdict}`);
    assert.equal(
      told({ ...well, health, state: 'retrying', detail: 'command 2/1' }),
      `node 1: retrying: command 2/1\n${verdict}`,
    );
    assert.equal(
      told({ ...well, state: 'fenced', detail: 'foreign' }),
      `node 1: fenced: foreign\n${verdict}`,
    );
  });
});

function answerOf(
  node: number,
  word: string,
): { readonly addr: string; readonly status: NodeStatus | undefined } {
  const addr = `127.0.0.1:${node}`;
  if (word === '-') return { addr, status: undefined };
  const number = Number(word.slice(1));
  const role = word.startsWith('L') ? 'leader' : word.startsWith('F') ? 'follower' : 'candidate';
  const leader = role === 'leader' ? node : role === 'follower' && number > 0 ? number : undefined;
  const ballot = { round: role === 'leader' ? number : 1, node };
  return {
    addr,
    status: {
      node,
      addr,
      pid: 100 + node,
      role,
      ballot,
      leader,
      learnedSlot: 7,
      appliedSlot: 6,
      quorumConnected: true,
      backend: 'kv',
      trouble: undefined,
      addrs: [],
    },
  };
}
