/** Purpose: a nemesis draws all its faults, the same ones for the same seed, and ends healed when the chaos is over. */
import assert from 'node:assert/strict';
import { streamOf } from '@quorate/core/protocol';
import { Nemesis } from '#src/faults/nemesis.ts';
import { NETWORK_FAULTS } from '#src/faults/network-faults.ts';
import { PROCESS_FAULTS } from '#src/faults/process-faults.ts';
import { hold, type Rig, type WeightedFault } from '#src/faults/rig.ts';

/** Scripts that touch nothing: only the drawing is looked at. */
function idle(
  faults: readonly WeightedFault[],
  drawn: string[],
  over: AbortController,
  limit: number,
): WeightedFault[] {
  return faults.map(({ name, weight }) => ({
    name,
    weight,
    script: () => {
      drawn.push(name);
      if (drawn.length >= limit) over.abort();
      return Promise.resolve({ what: name, fired: true });
    },
  }));
}

async function draw(seed: number, faults: readonly WeightedFault[], limit: number): Promise<string[]> {
  const drawn: string[] = [];
  const over = new AbortController();
  // Without the pauses between two faults: a generator that always says "at once".
  const random = streamOf(seed, 'test');
  const hasty = Object.assign(Object.create(random), {
    between: () => 0,
    fraction: () => random.fraction(),
  }) as Rig['random'];
  const rig = { random: hasty, over: over.signal } as unknown as Rig;
  await new Nemesis(rig, idle(faults, drawn, over, limit)).run();
  return drawn;
}

describe('nemesis', () => {
  it('inflicts the same faults in the same order for the same seed', async () => {
    const first = await draw(5, PROCESS_FAULTS, 40);
    assert.deepEqual(await draw(5, PROCESS_FAULTS, 40), first);
    assert.notDeepEqual(await draw(6, PROCESS_FAULTS, 40), first);
  });

  it('comes to every fault of both lists', async () => {
    for (const faults of [PROCESS_FAULTS, NETWORK_FAULTS]) {
      const drawn = await draw(1, faults, 400);
      assert.deepEqual([...new Set(drawn)].toSorted(), faults.map(({ name }) => name).toSorted());
    }
  });

  it('keeps what was done with its times, and forgets what was not possible', async () => {
    const over = new AbortController();
    let times = 0;
    const script = (): ReturnType<WeightedFault['script']> => {
      times += 1;
      if (times === 3) over.abort();
      return Promise.resolve(times === 2 ? undefined : { what: `fault ${times}`, fired: times === 1 });
    };
    const random = Object.assign(Object.create(streamOf(1, 'test')), {
      between: () => 0,
      fraction: () => 0,
    }) as Rig['random'];
    const nemesis = new Nemesis({ random, over: over.signal } as unknown as Rig, [
      { name: 'x', weight: 1, script },
    ]);
    await nemesis.run();
    assert.deepEqual(
      nemesis.inflicted.map(({ what, fired }) => [what, fired]),
      [
        ['fault 1', true],
        ['fault 3', false],
      ],
    );
    for (const { fromUs, untilUs } of nemesis.inflicted) assert.ok(fromUs <= untilUs);
  });

  it('lets go at once when the chaos is over', async () => {
    const over = new AbortController();
    const rig = { random: streamOf(1, 'test'), over: over.signal } as unknown as Rig;
    const holding = hold(rig, 60_000, 60_000);
    over.abort();
    await holding;
    await hold(rig, 60_000, 60_000);
  });
});
