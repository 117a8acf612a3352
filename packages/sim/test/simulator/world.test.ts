/**
 * The parts of the simulated world keep their own promises: events in order, disks that lose only what was not flushed,
 * links that keep order or none, clocks that stand still, processes that die where they are told to.
 */
import assert from 'node:assert/strict';
import {
  asNodeId,
  asSlot,
  asWriteSequence,
  createRandom,
  type JournalWrite,
  NOOP,
  type Random,
} from '@quorate/core/protocol';
import fc from 'fast-check';
import { CoverageCounts } from '#src/coverage.ts';
import { EventQueue } from '#src/world/event-queue.ts';
import { SimDisk, SimJournal } from '#src/world/journal.ts';
import { Network } from '#src/world/network.ts';
import type { NetworkFaults } from '#src/world/network-faults.ts';
import { NodeClock } from '#src/world/node-clock.ts';
import { drawCuts, isOneWay, SHAPES } from '#src/world/partitions.ts';
import { Scheduler } from '#src/world/scheduler.ts';
import { TraceHash } from '#src/world/trace-hash.ts';

const now = (callback: () => void): void => callback();

function scheduler(): Scheduler {
  return new Scheduler(1, new TraceHash());
}

function runAll(world: Scheduler): void {
  const untilMs = world.nowMs + 10_000;
  while (world.step(untilMs)) {
    // Until nothing is left to happen.
  }
}

describe('event queue', () => {
  it('gives events by time, then tie-break, then order of scheduling', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(5), fc.nat(2)), { maxLength: 60 }), (events) => {
        const queue = new EventQueue();
        const seen: number[] = [];
        events.forEach(([atMs, tie], index) => queue.push(atMs, tie, () => seen.push(index)));
        for (let event = queue.pop(); event !== undefined; event = queue.pop()) event.run();
        const expected = events
          .map(([atMs, tie], index) => ({ atMs, tie, index }))
          .sort((left, right) => left.atMs - right.atMs || left.tie - right.tie || left.index - right.index)
          .map(({ index }) => index);
        assert.deepEqual(seen, expected);
      }),
    );
  });
});

describe('simulated disk', () => {
  const writes = Array.from(
    { length: 6 },
    (_, index): JournalWrite => ({
      kind: 'accept',
      sequence: asWriteSequence(index + 1),
      entry: { slot: asSlot(index + 1), ballot: { round: index + 1, node: asNodeId(1) }, value: NOOP },
    }),
  );

  function journal(random: Random): {
    readonly world: Scheduler;
    readonly disk: SimDisk;
    readonly journal: SimJournal;
  } {
    const world = scheduler();
    const disk = new SimDisk(asNodeId(1), { onDurable: () => undefined });
    const faults = { flushMs: 10, stallChance: 0, stallMs: 0 };
    return { world, disk, journal: new SimJournal(disk, world, random, () => faults, now) };
  }

  it('keeps after a crash everything that was flushed, and of the rest a beginning', () => {
    const kept = new Set<number>();
    for (let seed = 0; seed < 100; seed++) {
      const { world, disk, journal: opened } = journal(createRandom(seed));
      opened.append(writes.slice(0, 2), () => undefined);
      runAll(world);
      opened.append(writes.slice(2, 4), () => undefined);
      opened.append(writes.slice(4), () => undefined);
      opened.crash('some');
      const slots = [...disk.entries.keys()];
      assert.deepEqual(
        slots,
        slots.map((_, index) => index + 1),
        'a beginning, without gaps',
      );
      assert.ok(slots.length >= 2, 'what was flushed is there');
      assert.equal(disk.promised.round, slots.length, 'accepting raised the promise with it');
      kept.add(slots.length);
      runAll(world);
      assert.equal(disk.entries.size, slots.length, 'a flush that was under way is dead');
    }
    assert.deepEqual(
      [...kept].sort((left, right) => left - right),
      [2, 3, 4, 5, 6],
    );
  });

  it('calls back in order and only when everything before is durable', () => {
    const { world, disk, journal: opened } = journal(createRandom(7));
    const done: string[] = [];
    opened.append(writes.slice(0, 1), () => done.push(`first, ${disk.entries.size} durable`));
    opened.append(writes.slice(1, 3), () => done.push(`second, ${disk.entries.size} durable`));
    opened.append(writes.slice(3), () => done.push(`third, ${disk.entries.size} durable`));
    assert.deepEqual(
      opened.readEntries(asSlot(1), asSlot(9), 1000),
      [],
      'what is not flushed cannot be read',
    );
    runAll(world);
    assert.deepEqual(done, ['first, 1 durable', 'second, 6 durable', 'third, 6 durable']);
    assert.deepEqual(opened.readEntries(asSlot(1), asSlot(9), 1000), [], 'accepted is not chosen');
    opened.append([{ kind: 'learned', sequence: asWriteSequence(7), slot: asSlot(6) }], () => undefined);
    runAll(world);
    assert.equal(opened.readEntries(asSlot(1), asSlot(9), 1000).length, 6);
  });
});

describe('simulated network', () => {
  const [one, two] = [asNodeId(1), asNodeId(2)];
  const calm: NetworkFaults = {
    kind: 'stream',
    latencyMs: 5,
    jitterMs: 20,
    lossChance: 0,
    duplicateChance: 0,
    lateChance: 0,
    lateMs: 0,
    corruptChance: 0,
    detectMs: 50,
    reconnectMs: 5,
    stalls: false,
  };

  function network(faults: NetworkFaults): {
    readonly world: Scheduler;
    readonly links: Network;
    readonly heard: string[];
  } {
    const world = scheduler();
    const heard: string[] = [];
    const links = new Network(
      [one, two],
      world,
      createRandom(3),
      faults,
      {
        isAlive: () => true,
        onFrame: (to, from, _lane, frame) => void heard.push(`${from}>${to} ${frame[0]}`),
        onUp: (at, peer) => void heard.push(`up ${at} ${peer}`),
        onDown: (at, peer) => void heard.push(`down ${at} ${peer}`),
      },
      new CoverageCounts(),
    );
    links.nodeUp(one);
    runAll(world);
    return { world, links, heard };
  }

  const sendMany = (links: Network): void => {
    for (let number = 0; number < 40; number++) links.send(one, two, 'bulk', Uint8Array.of(number));
  };

  it('a stream keeps the order of its frames', () => {
    const { world, links, heard } = network(calm);
    assert.deepEqual(heard.splice(0), ['up 1 2', 'up 2 1']);
    sendMany(links);
    runAll(world);
    assert.deepEqual(
      heard,
      Array.from({ length: 40 }, (_, number) => `1>2 ${number}`),
    );
  });

  it('datagrams overtake one another, get lost and come twice', () => {
    const { world, links, heard } = network({
      ...calm,
      kind: 'datagram',
      lossChance: 0.3,
      duplicateChance: 0.3,
    });
    sendMany(links);
    runAll(world);
    assert.notDeepEqual(
      heard,
      [...heard].sort((left, right) => Number(left.split(' ')[1]) - Number(right.split(' ')[1])),
    );
    assert.ok(new Set(heard).size < 40, 'some are lost');
    assert.ok(new Set(heard).size < heard.length, 'some come twice');
  });

  it('a cut stream breaks, both ends hear of it, and hear that it is back', () => {
    const { world, links, heard } = network(calm);
    heard.length = 0;
    sendMany(links);
    links.cut(one, two);
    runAll(world);
    assert.deepEqual(heard.splice(0).sort(), ['down 1 2', 'down 2 1'], 'what was under way is lost');
    assert.equal(links.send(one, two, 'bulk', Uint8Array.of(1)), false);
    links.heal(one, two);
    runAll(world);
    assert.deepEqual(heard, ['up 1 2', 'up 2 1']);
  });

  it('a cut that is over before anybody notices loses nothing when the link stalls', () => {
    const { world, links, heard } = network({ ...calm, stalls: true });
    heard.length = 0;
    links.cut(one, two);
    sendMany(links);
    links.heal(one, two);
    runAll(world);
    assert.equal(heard.length, 40);
  });

  it('every shape of partition cuts something, and only directed links that exist', () => {
    const nodes = [1, 2, 3, 4, 5].map(asNodeId);
    const oneWay = new Set<string>();
    for (const shape of SHAPES) {
      const cuts = Array.from({ length: 20 }, (_, seed) =>
        drawCuts(shape, nodes, asNodeId(3), createRandom(seed)),
      );
      assert.ok(
        cuts.some((list) => list.length > 0),
        shape,
      );
      for (const [from, to] of cuts.flat())
        assert.ok(from !== to && nodes.includes(from) && nodes.includes(to), shape);
      if (cuts.some(isOneWay)) oneWay.add(shape);
    }
    assert.deepEqual([...oneWay].sort(), ['deaf', 'mute', 'one-way']);
  });
});

describe('simulated clock', () => {
  it('runs at its own rate, and timers fire in its own time', () => {
    const world = scheduler();
    const clock = new NodeClock(world, { rate: 1.25, startMs: 500, wallOffsetMs: 0 });
    const fired: number[] = [];
    clock.port(now, () => 0).after(100, () => fired.push(clock.monotonicMs()));
    world.after(200, () => undefined);
    runAll(world);
    assert.ok(Math.abs((fired[0] ?? 0) - 600) < 0.01, String(fired));
    assert.equal(world.nowMs >= 200, true);
  });

  it('stands still while the machine is suspended, and its timers wait as long', () => {
    const world = scheduler();
    const clock = new NodeClock(world, { rate: 1, startMs: 0, wallOffsetMs: 0 });
    const fired: number[] = [];
    clock.port(now, () => 0).after(100, () => fired.push(world.nowMs));
    world.after(50, () => clock.freeze());
    world.after(350, () => clock.thaw());
    runAll(world);
    assert.ok(Math.abs((fired[0] ?? 0) - 400) < 0.01, String(fired));
  });
});
