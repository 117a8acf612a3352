/** Reads that wait for a slot which is not applied leave nothing behind when their time is over. */
import assert from 'node:assert/strict';
import type { Backend, Clock } from '#src/ports/index.ts';
import { asSlot } from '#src/protocol/types.ts';
import type { Applier } from '#src/runtime/applier.ts';
import { DEFAULT_RUNTIME_LIMITS } from '#src/runtime/limits.ts';
import { type PendingRead, ReadDesk } from '#src/runtime/read-desk.ts';
import type { WaitingQuery } from '#src/runtime/waiting-queries.ts';

describe('the read desk', () => {
  it('takes back from the applier what nobody waits for any more, and nothing else', () => {
    const waiting = new Set<WaitingQuery>();
    const applier: Pick<Applier, 'whenApplied' | 'forget'> = {
      whenApplied: (query) => void waiting.add(query),
      forget: (queries) => queries.forEach((query) => waiting.delete(query)),
    };
    const desk = new ReadDesk({} as Backend, applier as Applier, {} as Clock, DEFAULT_RUNTIME_LIMITS);
    const read = (deadlineMs: number): PendingRead => ({
      responder: {
        isFull: false,
        add: () => undefined,
        addResult: () => undefined,
        addEncoded: () => undefined,
      },
      sequence: 1,
      command: undefined,
      deadlineMs,
    });
    const ask = (...deadlines: number[]): void => {
      for (const deadlineMs of deadlines) desk.add(read(deadlineMs));
      desk.onAnswer({ kind: 'ready', ticket: desk.takeTicket() ?? 0, slot: asSlot(9) }, 0);
    };
    for (let round = 0; round < 100; round++) ask(10, 20);
    ask(10, 1000);
    assert.equal(waiting.size, 101);
    desk.expire(15);
    assert.equal(waiting.size, 101, 'a group stays while one of its reads is wanted');
    desk.expire(500);
    assert.equal(waiting.size, 1);
  });
});
