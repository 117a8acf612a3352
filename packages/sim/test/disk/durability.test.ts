/** What only an unlucky order of crashes shows: nothing is said, or shown to a peer, that a power cut could still take. */
import assert from 'node:assert/strict';
import { asNodeId, asSlot, asWriteSequence, type JournalWrite } from '@quorate/core/protocol';
import type { SegmentJournal } from '@quorate/core/segment-journal';
import { RELIABLE_DISK } from '#src/world/disk/index.ts';
import { DiskStage } from './stage.ts';

const IDENTITY = { clusterId: 'c', genesisDigest: 'g', node: asNodeId(1), group: 0 };
const FLUSH_MS = 10;
const REST_MS = 1000;
const SEEDS = 40;

/** Slot `slot` with a value of some length, accepted or known to be chosen. */
function write(kind: 'accept' | 'chosen', slot: number): JournalWrite {
  const value = { kind: 'batch', stampMs: 1, bytes: new Uint8Array(300).fill(slot) } as const;
  const ballot = { round: 1, node: asNodeId(1) };
  return { kind, sequence: asWriteSequence(slot), entry: { slot: asSlot(slot), ballot, value } };
}

function stageOf(seed: number): DiskStage {
  const stage = new DiskStage(seed);
  stage.faults = { ...RELIABLE_DISK, flushMs: FLUSH_MS };
  return stage;
}

function slotsShown(journal: SegmentJournal): number[] {
  return journal.openNow(IDENTITY).image.accepted.map(({ slot }) => slot);
}

describe('a journal in segments on a simulated disk', () => {
  it('reveals after the death of a process only what a power cut cannot take any more', () => {
    let revealed = 0;
    for (let seed = 1; seed <= SEEDS; seed++) {
      const stage = stageOf(seed);
      const first = stage.journal();
      first.openNow(IDENTITY);
      stage.run(REST_MS);
      let isDone = false;
      first.append([write('accept', 1)], () => {
        isDone = true;
      });
      stage.run(FLUSH_MS / 2);
      assert.equal(isDone, false, 'the flush is under way');
      stage.disk.crash('process');
      const shown = slotsShown(stage.journal());
      stage.disk.crash('power');
      if (shown.length === 0) continue;
      revealed += 1;
      assert.deepEqual(slotsShown(stage.journal()), shown, `seed ${seed}: it was shown and is gone`);
    }
    assert.ok(revealed > 0, 'no write outlived its process, so nothing was tried');
  });

  it('gives no peer an entry whose write is still under way', () => {
    const stage = stageOf(1);
    const journal = stage.journal();
    journal.openNow(IDENTITY);
    stage.run(REST_MS);
    let isDone = false;
    journal.append([write('chosen', 1)], () => {
      isDone = true;
    });
    const read = (): number[] => journal.readEntries(asSlot(1), asSlot(2), 1024).map(({ slot }) => slot);
    stage.run(FLUSH_MS / 2);
    assert.deepEqual([isDone, read()], [false, []]);
    stage.run(REST_MS);
    assert.deepEqual([isDone, read()], [true, [1]]);
  });

  it('opens again whatever a stop had done when it was cut short, by a crash after any of its events', () => {
    let stops = 0;
    for (const kind of ['process', 'power'] as const) {
      for (let events = 0; ; events++) {
        const { ended, slots } = cutShort(kind, events);
        assert.deepEqual(slots, [1, 2], `${kind} gone after ${events} events of the stop`);
        if (!ended) continue;
        assert.ok(events >= 3, `a stop has ${events} events, so little was tried`);
        stops += 1;
        break;
      }
    }
    assert.equal(stops, 2);
  });
});

/** Stops a journal with two entries, crashes after so many events, and says what the next life finds. */
function cutShort(
  kind: 'process' | 'power',
  events: number,
): { readonly ended: boolean; readonly slots: number[] } {
  const stage = stageOf(events + 1);
  const journal = stage.journal();
  journal.openNow(IDENTITY);
  journal.append([write('accept', 1), write('accept', 2)], () => undefined);
  stage.run(FLUSH_MS * 5);
  void journal.close();
  let played = 0;
  while (played < events && stage.scheduler.step(stage.scheduler.nowMs + REST_MS)) played += 1;
  stage.disk.crash(kind);
  return { ended: played < events, slots: slotsShown(stage.journal()) };
}
