/** A backend of four functions is a whole backend: it keeps every rule, and says clearly what its author did wrong. */
import assert from 'node:assert/strict';
import { ByteWriter, encodeArguments, encodeUtf8, type Result } from '@quorate/wire';
import { defineBackend, refuse, type SimpleBackend } from '#src/ports/define-backend.ts';
import { asSlot, type Backend, BackendDiverged, BackendUnavailable, fingerprint } from '#src/ports/index.ts';
import { argumentsCommand, backendConformance, textCommand } from '#src/testing/index.ts';

type CounterState = {
  readonly totals: Map<string, number>;
  readonly journal: { at: number; name: string; stamp: Uint8Array }[];
};
type CounterCommand = { readonly kind: 'add' | 'total'; readonly name: string; readonly amount: number };

const USAGE = 'ADD name amount | TOTAL name';

const counter: SimpleBackend<CounterState, CounterCommand> = {
  name: 'counter',
  usage: USAGE,
  initial: () => ({ totals: new Map(), journal: [] }),
  parse({ words: [verb = '', name, amount] }) {
    if (name === undefined) return { ok: false, error: `a name is missing\nusage: ${USAGE}` };
    if (verb.toUpperCase() === 'TOTAL')
      return { ok: true, access: 'read', command: { kind: 'total', name, amount: 0 } };
    const number = Number(amount ?? 'none');
    if (verb.toUpperCase() !== 'ADD' || !Number.isSafeInteger(number))
      return { ok: false, error: `usage: ${USAGE}` };
    return { ok: true, access: 'write', command: { kind: 'add', name, amount: number } };
  },
  execute(state, { kind, name, amount }, { logTimeMs }) {
    if (kind === 'total') return state.totals.get(name) ?? null;
    const total = (state.totals.get(name) ?? 0) + amount;
    if (total < 0) return refuse('NEGATIVE', `${name} would be ${total}`);
    state.totals.set(name, total);
    state.journal.push({ at: logTimeMs, name, stamp: encodeUtf8(name) });
    return total;
  },
};

backendConformance({
  name: 'a counter made with defineBackend',
  create: () => defineBackend(counter),
  commands: [
    textCommand('ADD a 5'),
    textCommand('add "b c" 7'),
    argumentsCommand('ADD', 'a', '-3'),
    textCommand('TOTAL a'),
    argumentsCommand('total', 'b c'),
  ],
  refused: [
    textCommand(''),
    textCommand('ADD a one'),
    textCommand('ADD'),
    textCommand('"'),
    { form: 'arguments', bytes: Uint8Array.of(9) },
  ],
  randomCommand: (random) =>
    random.chance(0.2)
      ? argumentsCommand('TOTAL', random.pick(['a', 'b', 'c']))
      : argumentsCommand('ADD', random.pick(['a', 'b', 'c']), String(random.between(-9, 9))),
});

/** One command in the next slot. */
class Runner<Command> {
  readonly backend: Backend<Command>;
  #slot = 0;

  constructor(backend: Backend<Command>) {
    this.backend = backend;
  }

  async run(...lines: string[]): Promise<readonly Result[]> {
    const mark = (slot: number) => ({ clusterId: 'c', group: 0, slot: asSlot(slot), digest: '0'.repeat(16) });
    const commands = lines.map((text, ordinal) => {
      const parsed = this.backend.parse({ form: 'text', text });
      assert.ok(parsed.ok, text);
      return { command: this.backend.decode(this.backend.encode(parsed.command)), ordinal };
    });
    const slot = this.#slot + 1;
    const results = await this.backend.apply({
      slot: asSlot(slot),
      logTimeMs: slot,
      commands,
      previous: mark(slot - 1),
      next: mark(slot),
      records: [],
    });
    this.#slot = slot;
    return results;
  }

  async query(text: string): Promise<Result> {
    const parsed = this.backend.parse({ form: 'text', text });
    assert.ok(parsed.ok, text);
    return this.backend.query(parsed.command);
  }
}

/** A backend whose one command does what the test says. */
function oneCommand<State extends object>(
  initial: () => State,
  execute: SimpleBackend<State, readonly string[]>['execute'],
): Runner<readonly string[]> {
  return new Runner(
    defineBackend<State, readonly string[]>({
      name: 'sample',
      initial,
      parse: ({ words }) => ({ ok: true, access: words[0] === 'read' ? 'read' : 'write', command: words }),
      execute,
    }),
  );
}

const value = (text: string): Result => ({ ok: true, value: encodeUtf8(text) });

describe('defineBackend', () => {
  it('makes a backend of the example in its documentation', async () => {
    const runner = new Runner(
      defineBackend({
        name: 'counter',
        usage: 'add NUMBER | total',
        initial: () => ({ total: 0 }),
        parse({ words: [verb, number] }) {
          if (verb === 'total') return { ok: true, access: 'read', command: { add: 0 } };
          if (verb !== 'add' || !Number.isSafeInteger(Number(number)))
            return { ok: false, error: 'add NUMBER | total' };
          return { ok: true, access: 'write', command: { add: Number(number) } };
        },
        execute: (state, { add }) => (state.total += add),
        query: (state) => state.total,
      }),
    );
    assert.deepEqual(await runner.run('add 5', 'add -2'), [value('5'), value('3')]);
    assert.deepEqual(await runner.query('total'), value('3'));
  });

  it('turns what execute returns into results', async () => {
    const returned: unknown[] = [
      'text',
      12.5,
      true,
      null,
      undefined,
      Uint8Array.of(1),
      refuse('NO', 'why'),
      { ok: true, value: null },
    ];
    const runner = oneCommand(
      () => ({}),
      (_, [index]) => returned[Number(index)] as string,
    );
    assert.deepEqual(await runner.run(...returned.map((_, index) => String(index))), [
      value('text'),
      value('12.5'),
      value('true'),
      { ok: true, value: null },
      { ok: true, value: null },
      { ok: true, value: Uint8Array.of(1) },
      { ok: false, code: 'NO', message: 'why' },
      { ok: true, value: null },
    ]);
    await assert.rejects(
      async () =>
        oneCommand(
          () => ({}),
          () => ({ total: 1 }) as unknown as string,
        ).run('x'),
      /a result is a string/,
    );
  });

  it('shows reads a state that they cannot change', async () => {
    const attempts: ((state: ReturnType<typeof rich>) => unknown)[] = [
      (state) => (state.number = 2),
      (state) => state.list.push(1),
      (state) => state.list.reverse(),
      (state) => (state.nested.deep = 'changed'),
      (state) => state.map.set('k', { n: 2 }),
      (state) => ((state.map.get('k') as { n: number }).n = 2),
      (state) => state.map.clear(),
      (state) => state.set.add(3),
      (state) => Object.defineProperty(state, 'number', { value: 3 }),
      (state) => delete (state as { number?: number }).number,
    ];
    const runner = oneCommand(rich, (state, [, index]) => String(attempts[Number(index)]?.(state)));
    const before = await runner.backend.digest();
    for (const index of attempts.keys()) {
      assert.deepEqual(await runner.query(`read ${index}`), {
        ok: false,
        code: 'QUERY_FAILED',
        message: 'a read must not change the state',
      });
    }
    const bytes = oneCommand(rich, (state) => state.bytes.fill(9));
    assert.deepEqual(await bytes.query('read'), { ok: true, value: Uint8Array.of(9, 9) });
    assert.deepEqual(await runner.backend.digest(), before);
    assert.equal(await bytes.backend.digest(), before);
  });

  it('lets reads look at everything', async () => {
    const looks: ((state: ReturnType<typeof rich>) => unknown)[] = [
      (state) => state.list.map((item) => item * 2),
      (state) => [...state.list, state.list.length, Array.isArray(state.list)],
      (state) => [...state.map].map(([key, { n }]) => key + n),
      (state) => [state.map.size, state.map.has('k'), [...state.map.values()].length, [...state.map.keys()]],
      (state) => [...state.set, state.set.size, state.set.has(1)],
      (state) => Object.entries(state.nested),
      (state) => JSON.stringify(state),
      (state) => Array.from(state.bytes),
    ];
    const runner = oneCommand(rich, (state, [, index]) => JSON.stringify(looks[Number(index)]?.(state)));
    for (const [index, look] of looks.entries())
      assert.deepEqual(await runner.query(`read ${index}`), value(JSON.stringify(look(rich()))));
  });

  it('stops applying after an exception in the middle of a command, on purpose and with the place', async () => {
    const runner = oneCommand(
      () => ({ count: 0 }),
      (state, [word]) => {
        state.count += 1;
        if (word === 'boom') throw new Error('a bug');
        return state.count;
      },
    );
    await runner.run('fine');
    const isDiverged = (error: unknown): boolean =>
      error instanceof BackendDiverged && error.message.endsWith('slot 2, command 1): a bug');
    await assert.rejects(() => runner.run('fine', 'boom'), isDiverged);
    await assert.rejects(() => runner.run('fine'), isDiverged);
    await assert.rejects(() => runner.backend.digest(), isDiverged);
    assert.equal((await runner.backend.health()).ok, false);
  });

  it('refuses commands that are not plain data before they reach the log', () => {
    const backend = defineBackend({
      name: 'sample',
      initial: () => ({}),
      parse: () => ({ ok: true, access: 'write', command: { at: new Date(0) } }),
      execute: () => null,
    });
    assert.deepEqual(backend.parse(textCommand('now')), {
      ok: false,
      error:
        'sample cannot read this command: command.at is an object of class Date, which is not plain data',
    });
  });

  it('refuses a snapshot whose state cannot be read, although its fingerprint is right, and keeps its own', async () => {
    const backend = defineBackend(counter);
    const out = new ByteWriter();
    for await (const chunk of (await backend.snapshot()).chunks) out.raw(chunk);
    const body = out.bytes().slice(0, -20);
    // The last byte of the state: a kind of data that does not exist, or a count that is too large.
    body[body.length - 1] = 0xee;
    const forged = new ByteWriter();
    forged.raw(body);
    forged.text(fingerprint(body));
    const digest = await backend.digest();
    const chunks = (async function* () {
      yield forged.bytes();
    })();
    await assert.rejects(
      async () => backend.restore({ slot: asSlot(0), chunks }),
      (error) => error instanceof BackendUnavailable && /the snapshot cannot be used/.test(error.message),
    );
    assert.equal(await backend.digest(), digest);
  });

  it('refuses a state that is not plain data at once', () => {
    const definition = { ...counter, initial: () => ({ totals: new Map(), journal: [new WeakMap()] }) };
    assert.throws(
      () => defineBackend(definition as unknown as typeof counter),
      /state\.journal\[0\] is an object of class WeakMap/,
    );
  });

  it('gives parse the words of both forms', () => {
    const seen: unknown[] = [];
    const backend = defineBackend({
      name: 'sample',
      initial: () => ({}),
      parse: (input) => {
        seen.push(input);
        return { ok: false, error: 'never' };
      },
      execute: () => null,
    });
    backend.parse(textCommand('a "b c"'));
    backend.parse({ form: 'arguments', bytes: encodeArguments([Uint8Array.of(0xff)]) });
    assert.deepEqual(seen, [
      { text: 'a "b c"', args: [encodeUtf8('a'), encodeUtf8('b c')], words: ['a', 'b c'] },
      { text: undefined, args: [Uint8Array.of(0xff)], words: ['\ufffd'] },
    ]);
  });

  it('puts the usage behind mistakes in the text form and explains commands in one line', () => {
    const backend = defineBackend(counter);
    assert.deepEqual(backend.parse(textCommand('ADD "a')), {
      ok: false,
      error: `the closing double quote is missing (at character 5)\nusage: ${USAGE}`,
    });
    assert.equal(backend.explain(textCommand('ADD a 5')), 'logged: {"kind":"add","name":"a","amount":5}');
    assert.equal(
      backend.explain(textCommand('TOTAL a')),
      'read, not logged: {"kind":"total","name":"a","amount":0}',
    );
    assert.equal(backend.explain(textCommand('TOTAL')), 'refused: a name is missing');
  });
});

function rich() {
  return {
    number: 1,
    list: [3, 1, 2],
    nested: { deep: 'text' },
    map: new Map([['k', { n: 1 }]]),
    set: new Set([1, 2]),
    bytes: Uint8Array.of(1, 2),
  };
}
