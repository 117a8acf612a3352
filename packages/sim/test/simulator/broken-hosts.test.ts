/**
 * The simulator finds hosts that neglect their duties, says which property they broke, and names the line that plays
 * the failure again. A simulator that is always content proves nothing.
 */
import assert from 'node:assert/strict';
import type { JournalWrite } from '@quorate/core/protocol';
import { CoreHost } from '#src/hosts/core-host.ts';
import type { NodeEnvironment } from '#src/hosts/host.ts';
import { drawProfile, type Profile } from '#src/profile.ts';
import { type SimOptions, simulate, type Verdict } from '#src/simulate.ts';

const SEEDS = 30;

type Journal = NodeEnvironment['journal'];

type Failure = Extract<Verdict, { ok: false }>;

/** The first seed that fails with this host. */
function firstFailure(
  createHost: NonNullable<SimOptions['createHost']>,
  change: (profile: Profile) => Profile = (same) => same,
): Failure {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const verdict = simulate({ seed, createHost, profile: change(drawProfile(seed)) });
    if (!verdict.ok) return verdict;
  }
  return assert.fail(`${SEEDS} seeds found nothing`);
}

/** The journal with one method replaced. */
function journalWith(journal: Journal, append: Journal['append']): Journal {
  return new Proxy(journal, {
    get: (target, name) => {
      if (name === 'append') return append;
      const member = Reflect.get(target, name, target) as unknown;
      return typeof member === 'function' ? (member.bind(target) as unknown) : member;
    },
  });
}

describe('the simulator', () => {
  it('finds a host that calls writes durable before they are', () => {
    const hasty = (env: NodeEnvironment): CoreHost =>
      new CoreHost({
        ...env,
        journal: journalWith(env.journal, (writes, done) => {
          env.journal.append(writes, () => undefined);
          done(undefined);
        }),
      });
    const failure = firstFailure(hasty);
    assert.ok(['DURABLE-BEFORE-SEND', 'LEARN-MATCH'].includes(failure.violated), failure.sentence);
    assert.match(
      failure.replay,
      new RegExp(`^npm run sim -- --seed ${failure.seed} --trace --from \\d+ --until \\d+$`),
    );
  });

  it('finds a host that forgets to write promises', () => {
    const forgetful = (env: NodeEnvironment): CoreHost =>
      new CoreHost({
        ...env,
        journal: journalWith(env.journal, (writes, done) => {
          const kept = writes.filter((write: JournalWrite) => write.kind !== 'promise');
          if (kept.length > 0) env.journal.append(kept, done);
          else done(undefined);
        }),
      });
    assert.ok(['DURABLE-BEFORE-SEND', 'SAFE-VALUE'].includes(firstFailure(forgetful).violated));
  });

  it('finds a host that never flushes: nobody can lead', () => {
    const stuck = (env: NodeEnvironment): CoreHost =>
      new CoreHost({ ...env, journal: journalWith(env.journal, () => undefined) });
    assert.equal(firstFailure(stuck).violated, 'CORE-CONVERGE');
  });

  it('finds a host whose turns never end: nothing is sent', () => {
    const mute = (env: NodeEnvironment): CoreHost =>
      new CoreHost({ ...env, clock: { ...env.clock, soon: () => undefined } });
    assert.equal(firstFailure(mute).violated, 'CORE-CONVERGE');
  });

  it('tells the story of a run as text, one line per step, in the same words every time', () => {
    const story = (): string[] => {
      const lines: string[] = [];
      simulate({ seed: 3, trace: { fromEvent: 0, untilEvent: 300, write: (line) => lines.push(line) } });
      return lines;
    };
    const lines = story();
    assert.ok(lines.length > 100);
    assert.deepEqual(story(), lines);
    for (const line of lines) assert.match(line, /^ *\d+ +\d+\.\d\d \d [LCF-] \S+ +\S+ {2}\S?/);
    assert.ok(lines.some((line) => line.includes('Prepare ballot=')));
  });
});
