/** Answers that say where in the command the value lies, instead of the value: the caller cannot tell the difference. */
import assert from 'node:assert/strict';
import type { Answer, RequestCommand } from '@quorate/wire';
import { failure, type RequestFrame } from './fake-cluster.ts';
import { World } from './world.ts';

describe('echoes', () => {
  let world: World;
  beforeEach(async () => {
    world = await World.start(1);
  });
  afterEach(() => world.stop());

  /** The node executes what comes, and answers as `answer` says instead of with the result. */
  const answerBy = (answer: (command: RequestCommand, slot: number) => Answer): RequestFrame[] => {
    const seen: RequestFrame[] = [];
    world.cluster.node(1).script = (frame, connection) => {
      if (frame.kind !== 'request') return false;
      seen.push(frame);
      connection.answer(
        frame.commands.map((command) => {
          const executed = world.cluster.execute(frame.session, frame.ackSequence, command);
          assert.ok(executed.kind === 'result');
          return answer(command, executed.slot);
        }),
      );
      return true;
    };
    return seen;
  };
  const lengthOf = ({ input }: RequestCommand): number =>
    input.form === 'arguments' ? input.bytes.length : input.text.length;
  /** The last `bytes` bytes of every command. */
  const echoEnd = (bytes: number): RequestFrame[] =>
    answerBy((command, slot) => {
      const end = lengthOf(command);
      return { sequence: command.sequence, kind: 'echo', slot, start: end - bytes, end };
    });

  it('of what was set are the value that is now stored, as text, as bytes and as the whole answer', async () => {
    const client = world.client();
    echoEnd(0);
    assert.equal(await client.set('k', ''), '');
    echoEnd(12);
    assert.equal(await client.set('k', 'the_value \u00e4'), 'the_value \u00e4');
    assert.deepEqual(await client.setBytes('k', 'twelve bytes'), new TextEncoder().encode('twelve bytes'));
    const answer = await client.exec(['SET', 'k', 'twelve bytes']);
    assert.equal(answer.text(), 'twelve bytes');
    assert.equal(answer.slot, world.cluster.slot);
    const long = new Uint8Array(70_000).map((_, index) => index);
    echoEnd(long.length);
    assert.deepEqual(await client.setBytes('k', long), long);
  });

  it('are what was sent, and not what the caller holds: a lone surrogate was replaced, bytes were changed', async () => {
    const client = world.client();
    echoEnd(3);
    assert.equal(await client.set('k', '\ud800'), '\ufffd');
    const value = Uint8Array.of(1, 2, 3);
    const stored = client.setBytes('k', value);
    value.fill(9);
    assert.deepEqual(await stored, Uint8Array.of(1, 2, 3));
  });

  it('are values of their own: changing one changes no other, and they pin little', async () => {
    const client = world.client();
    echoEnd(3);
    const [one, two] = await Promise.all([client.setBytes('k', 'abc'), client.setBytes('k', 'abc')]);
    one.fill(0);
    assert.deepEqual(two, new TextEncoder().encode('abc'));
    assert.equal(Object.getPrototypeOf(one), Uint8Array.prototype);
    assert.ok(one.buffer.byteLength <= 16 * 1024, `${one.buffer.byteLength} bytes are pinned`);
  });

  it('cannot be handed over to another thread together with the commands that lie beside them', async () => {
    const client = world.client();
    echoEnd(3);
    const stored = await client.setBytes('k', 'abc');
    const beside = client.setBytes('k', 'def');
    try {
      structuredClone(stored, { transfer: [stored.buffer as ArrayBuffer] });
    } catch (error) {
      assert.equal((error as Error).name, 'DataCloneError'); // Later versions of Node refuse it; earlier ones copy.
    }
    assert.deepEqual(await beside, new TextEncoder().encode('def'));
    assert.deepEqual(stored, new TextEncoder().encode('abc'));
  });

  it('pin no more than themselves when they are long', async () => {
    const client = world.client();
    const value = new Uint8Array(2000).fill(1);
    echoEnd(value.length);
    const [one] = await Promise.all([client.setBytes('k', value), client.setBytes('k', value)]);
    assert.deepEqual(one, value);
    assert.equal(one.buffer.byteLength, value.length);
  });

  it('of more than the command has, or of a line, are no answer: what became of it is not known', async () => {
    const client = world.client();
    const seen = answerBy((command, slot) => {
      const end = lengthOf(command) + 1;
      return { sequence: command.sequence, kind: 'echo', slot, start: 0, end };
    });
    const tooLong = await failure(client.set('k', 'v'));
    assert.deepEqual([tooLong.code, tooLong.outcome], ['WIRE_MALFORMED', 'unknown']);
    echoEnd(1);
    const ofLine = await failure(client.exec('SET k v'));
    assert.deepEqual([ofLine.code, ofLine.outcome], ['WIRE_MALFORMED', 'unknown']);
    assert.equal(client.pending, 0);
    assert.equal(seen.length, 1);
  });
});
