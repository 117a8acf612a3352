/** When a leader that is not well asks to hand over, with doubles around it: how often, and never without a successor. */
import assert from 'node:assert/strict';
import { SILENT_LOGGER } from '#src/ports/logger.ts';
import type { EngineOptions } from '#src/runtime/engine-options.ts';
import type { Forwarder } from '#src/runtime/forwarder.ts';
import { LeadershipWatch } from '#src/runtime/leadership-watch.ts';
import { DEFAULT_RUNTIME_LIMITS } from '#src/runtime/limits.ts';
import type { Proposals } from '#src/runtime/proposals.ts';
import type { ReplicaHost } from '#src/runtime/replica-host.ts';
import { newCounters } from '#src/runtime/status.ts';
import { VirtualClock } from './cluster.ts';

const { electionTimeoutMs, heartbeatMs } = DEFAULT_RUNTIME_LIMITS.protocol;

/** Node 1 of `size`, ticking: leads, and leads again at once whenever it has handed over. */
function leader(size: number): {
  readonly handOvers: number[];
  tickFor(ms: number, unwellMs: number): void;
} {
  const clock = new VirtualClock();
  const handOvers: number[] = [];
  const replica = {
    role: 'leader',
    leader: 1,
    now: () => clock.nowMs,
    feed: (input: { kind: string }) => {
      assert.equal(input.kind, 'resign');
      handOvers.push(clock.nowMs);
    },
  };
  const addrs = Array.from({ length: size }, (_, index) => `127.0.0.1:${index + 1}`);
  const options = { addrs, clock, limits: DEFAULT_RUNTIME_LIMITS, logger: SILENT_LOGGER };
  const watch = new LeadershipWatch(options as unknown as EngineOptions, {
    replica: replica as unknown as ReplicaHost,
    proposals: { abandon: () => undefined } as unknown as Proposals,
    forwarder: { abandon: () => undefined } as unknown as Forwarder,
    counters: newCounters(),
  });
  watch.onRoleChange();
  return {
    handOvers,
    tickFor: (ms, unwellMs) => {
      for (const untilMs = clock.nowMs + ms; clock.nowMs < untilMs; clock.nowMs += heartbeatMs / 2) {
        const before = handOvers.length;
        watch.handOverWhenUnwell(unwellMs);
        if (handOvers.length === before) continue;
        watch.handOverWhenUnwell(unwellMs);
        assert.equal(handOvers.length, before + 1, 'asked once, not again while it is under way');
        for (const role of ['follower', 'leader']) {
          replica.role = role;
          watch.onRoleChange();
        }
      }
    },
  };
}

describe('the watch over leadership', () => {
  it('asks a lone node nothing: it has nobody to hand over to', () => {
    const lone = leader(1);
    lone.tickFor(electionTimeoutMs * 100, electionTimeoutMs * 50);
    assert.deepEqual(lone.handOvers, []);
  });

  it('gives a new leader three election timeouts, twice as long after every time in vain, and 24 at most', () => {
    const unwell = leader(3);
    unwell.tickFor(electionTimeoutMs * 100, electionTimeoutMs);
    const waits = unwell.handOvers.map((atMs, index) => atMs - (unwell.handOvers[index - 1] ?? 0));
    assert.deepEqual(
      waits.map((ms) => Math.round(ms / electionTimeoutMs)),
      [3, 6, 12, 24, 24, 24],
    );
  });

  it('begins anew with three once it has led well for as long as its trial', () => {
    const node = leader(3);
    node.tickFor(electionTimeoutMs * 10, electionTimeoutMs); // At 3 and at 9: the next trial is 12 long.
    assert.equal(node.handOvers.length, 2);
    node.tickFor(electionTimeoutMs * 12, 0);
    node.tickFor(heartbeatMs, electionTimeoutMs);
    assert.equal(node.handOvers.length, 3);
    node.tickFor(electionTimeoutMs * 5, electionTimeoutMs);
    assert.equal(node.handOvers.length, 3);
    node.tickFor(electionTimeoutMs * 2, electionTimeoutMs);
    assert.equal(node.handOvers.length, 4);
  });
});
