/**
 * Purpose: when more comes than can be chosen, a node takes what its bounds hold and refuses the rest as OVERLOADED;
 * what it refused is never executed, what it took is, and each command gets one answer.
 */
import assert from 'node:assert/strict';
import { RawClient } from './support/raw-client.ts';
import { useScene } from './support/scene.ts';
import { standingOf, waitForOnePosition } from './support/standing.ts';

const MIB = 2 ** 20;
const COMMANDS = 96;
/** Commands that wait to be proposed, by default. */
const MAX_QUEUED_BYTES = 64 * MIB;

describe('more commands than fit', function () {
  this.timeout(60_000);
  // The leader must not step down while its followers sleep: then it would refuse for another reason.
  const scene = useScene({ nodes: 3, settings: { electionTimeoutMs: 30_000 } });

  it('are refused as OVERLOADED and not executed, while the rest waits for the quorum', async () => {
    const { cluster } = scene();
    const leader = await cluster.waitForLeader();
    const followers = cluster.running().filter((node) => node !== leader);
    const raw = await RawClient.open(cluster.addr(leader));
    for (const node of followers) cluster.pause(node);
    const value = Buffer.alloc(MIB - 64, 'x');
    const keys = new Map<number, string>();
    for (let index = 0; index < COMMANDS; index++)
      keys.set(raw.send('SET', `large-${index}`, value), `large-${index}`);
    // The last one finds the queue full, and answers come in the order of refusals.
    const last = await raw.answerTo(Math.max(...keys.keys()));
    assert.ok(
      last.kind === 'error' && last.code === 'OVERLOADED' && last.outcome === 'none',
      JSON.stringify(last),
    );
    const { queuedBytes } = await standingOf(cluster, leader);
    assert.ok(
      queuedBytes > MAX_QUEUED_BYTES / 2 && queuedBytes <= MAX_QUEUED_BYTES,
      `${queuedBytes} bytes wait`,
    );

    for (const node of followers) cluster.resume(node);
    await cluster.waitFor('an answer to everything', () => raw.answers().size === COMMANDS + 1);
    raw.leave();
    await waitForOnePosition(cluster);
    const client = scene().client({ timeoutMs: 20_000 });
    let refused = 0;
    for (const [sequence, key] of keys) {
      const answer = raw.answers().get(sequence);
      const stored = await client.getBytes(key);
      if (answer?.kind === 'result') {
        assert.equal(stored?.length, value.length, key);
      } else {
        assert.ok(answer?.kind === 'error' && answer.code === 'OVERLOADED', JSON.stringify(answer));
        assert.equal(stored, null, key);
        refused += 1;
      }
    }
    assert.ok(refused > 0 && refused < COMMANDS / 2, `${refused} of ${COMMANDS} were refused`);
  });
});
