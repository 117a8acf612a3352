/**
 * In any weather every call settles exactly once and says the truth. Random scripts of refusals, lost answers, cut
 * connections, delayed executions, expired sessions and leader changes run against a node with a session table;
 * each call increments its own counter, so a second execution or a false "not done" shows.
 */
import assert from 'node:assert/strict';
import { QuorateError } from '@quorate/client';
import type { ClientFrame, ErrorCode } from '@quorate/wire';
import fc from 'fast-check';
import { type FakeConnection, type RequestFrame, until } from './fake-cluster.ts';
import { World } from './world.ts';

const NOT_DONE = ['OVERLOADED', 'NO_LEADER', 'STOPPING', 'SESSION_WINDOW', 'BACKEND_UNAVAILABLE'] as const;
const LOST = ['LEADERSHIP_LOST', 'DISCONNECTED', 'TIMEOUT'] as const;

type Weather =
  | { readonly kind: 'refuse'; readonly code: (typeof NOT_DONE)[number] }
  /** Answers "unknown": executed now, executed later, or never. */
  | { readonly kind: 'lose'; readonly code: (typeof LOST)[number]; readonly fate: Fate }
  /** Cuts the connection; `answered` commands of the frame have got their answers. */
  | { readonly kind: 'cut'; readonly answered: number; readonly fate: Fate }
  | { readonly kind: 'lead'; readonly node: number; readonly silently: boolean }
  | { readonly kind: 'expire' }
  | { readonly kind: 'fine' };
type Fate = 'executed' | 'executed later' | 'never executed';

const fate = fc.constantFrom<Fate>('executed', 'executed later', 'never executed');
const weather: fc.Arbitrary<Weather> = fc.oneof(
  fc.record({ kind: fc.constant('refuse' as const), code: fc.constantFrom(...NOT_DONE) }),
  fc.record({ kind: fc.constant('lose' as const), code: fc.constantFrom(...LOST), fate }),
  fc.record({ kind: fc.constant('cut' as const), answered: fc.nat({ max: 3 }), fate }),
  fc.record({ kind: fc.constant('lead' as const), node: fc.nat({ max: 3 }), silently: fc.boolean() }),
  fc.constant({ kind: 'expire' } as const),
  fc.constant({ kind: 'fine' } as const),
);
/** `abortAfter`: frames that the nodes have seen. */
const call = fc.record({
  isRead: fc.boolean(),
  turn: fc.nat({ max: 3 }),
  abortAfter: fc.option(fc.nat({ max: 6 }), { nil: undefined }),
});

class Storm {
  readonly world: World;
  readonly #days: Weather[];
  readonly #late: RequestFrame[] = [];
  frames = 0;

  constructor(world: World, days: readonly Weather[]) {
    this.world = world;
    this.#days = [...days];
    for (const node of world.cluster.nodes)
      node.script = (frame, connection) => this.#onFrame(frame, connection);
  }

  /** What was under way when its connection was lost arrives in the log after all. */
  executeLate(): void {
    for (const frame of this.#late.splice(0)) this.#execute(frame);
  }

  #onFrame(frame: ClientFrame, connection: FakeConnection): boolean {
    if (frame.kind !== 'request' && frame.kind !== 'open-session') return false;
    this.frames += 1;
    const day = this.#days.shift() ?? { kind: 'fine' };
    if (this.frames % 3 === 0) this.executeLate();
    const isLeading = connection.node.leader === connection.node.id;
    if (isLeading || day.kind === 'lead') return this.#strike(day, frame, connection);
    return false;
  }

  #strike(day: Weather, frame: ClientFrame, connection: FakeConnection): boolean {
    const { cluster } = this.world;
    switch (day.kind) {
      case 'fine':
        return false;
      case 'refuse':
        connection.refuse(frame, day.code satisfies ErrorCode);
        return true;
      case 'lose':
        this.#let(day.fate, frame);
        connection.refuse(frame, day.code);
        return true;
      case 'cut':
        if (frame.kind === 'request') this.#answerSome(frame, connection, day.answered);
        this.#let(day.fate, frame);
        connection.cut();
        return true;
      case 'lead':
        cluster.lead(day.node, day.silently);
        // No election lasts for ever.
        if (day.node === 0) setImmediate(() => cluster.lead((this.frames % 3) + 1));
        return false;
      case 'expire':
        cluster.sessions.clear();
        return false;
      default:
        return day satisfies never;
    }
  }

  #answerSome(frame: RequestFrame, connection: FakeConnection, count: number): void {
    const { cluster } = this.world;
    const some = frame.commands.slice(0, count);
    connection.answer(some.map((command) => cluster.execute(frame.session, frame.ackSequence, command)));
  }

  #let(what: Fate, frame: ClientFrame): void {
    if (frame.kind !== 'request' || frame.session === 0) return;
    if (what === 'executed') this.#execute(frame);
    else if (what === 'executed later') this.#late.push(frame);
  }

  #execute(frame: RequestFrame): void {
    for (const command of frame.commands)
      this.world.cluster.execute(frame.session, frame.ackSequence, command);
  }
}

type Ending = { readonly done: string | null } | { readonly failed: QuorateError };

async function ending(promise: Promise<string | null>): Promise<Ending> {
  try {
    return { done: await promise };
  } catch (error) {
    if (error instanceof QuorateError) return { failed: error };
    throw error;
  }
}

describe('in any weather', () => {
  let world: World;
  afterEach(() => world.stop());

  it('every call settles once, and what it says of its command is true', async function () {
    this.timeout(60_000);
    const seen = { done: 0, none: 0, unknown: 0 };
    await fc.assert(
      fc
        .asyncProperty(
          fc.array(weather, { maxLength: 25 }),
          fc.array(call, { minLength: 1, maxLength: 20 }),
          async (days, calls) => {
            world = await World.start();
            const storm = new Storm(world, days);
            const client = world.client({ timeoutMs: 1000, backoffMaxMs: 2 });
            const endings = calls.map(async ({ isRead, turn, abortAfter }, index) => {
              await until('its turn has come', () => storm.frames >= turn || client.pending === 0);
              const abort = new AbortController();
              const options = { signal: abort.signal };
              const result = isRead
                ? client.get(`c${index}`, options)
                : client.exec(['INCR', `c${index}`], options).then((answer) => answer.text());
              if (abortAfter !== undefined) {
                void until(
                  'it is time to abort',
                  () => storm.frames >= abortAfter || client.pending === 0,
                ).then(() => abort.abort());
              }
              return ending(result);
            });
            const all = await Promise.all(endings);
            storm.executeLate();
            for (const [index, end] of all.entries()) {
              const counter = world.cluster.map.get(`c${index}`);
              const count = counter === undefined ? 0 : Number(new TextDecoder().decode(counter));
              const isRead = calls[index]?.isRead === true;
              if ('done' in end) {
                seen.done += 1;
                assert.equal(end.done, isRead ? null : '1', `call ${index}`);
                assert.equal(count, isRead ? 0 : 1, `call ${index} was executed ${count} times`);
              } else {
                seen[end.failed.outcome] += 1;
                const most = end.failed.outcome === 'none' ? 0 : 1;
                assert.ok(
                  count <= most,
                  `call ${index} was executed ${count} times and says ${end.failed.message}`,
                );
                assert.ok(!isRead || end.failed.outcome === 'none');
              }
            }
            assert.equal(client.pending, 0);
            assert.equal(client.inFlight, 0);
          },
        )
        .afterEach(() => world.stop()),
      { numRuns: 100 },
    );
    assert.ok(seen.done > 0 && seen.none > 0 && seen.unknown > 0, JSON.stringify(seen));
  });
});
