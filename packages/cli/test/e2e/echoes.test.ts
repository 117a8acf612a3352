/**
 * Purpose: a node says where in the command the value of a SET lies, to whoever sent those very bytes and knows what an
 * echo is; everybody else is given the value, and it is the same one.
 */
import assert from 'node:assert/strict';
import { type Answer, type CommandInput, ECHO_VERSION, encodeArguments } from '@quorate/wire';
import { RawClient } from './support/raw-client.ts';
import { useScene } from './support/scene.ts';

const VALUE = 'the value';
const BYTES = encodeArguments(['SET', 'k', VALUE].map((word) => Buffer.from(word)));
const AS_ARGUMENTS: CommandInput = { form: 'arguments', bytes: BYTES };
const AS_LINE: CommandInput = { form: 'text', text: `set k "${VALUE}"` };

function valueOf(answer: Answer): string {
  assert.ok(answer.kind === 'result' && answer.result.ok, JSON.stringify(answer));
  return Buffer.from(answer.result.value ?? []).toString();
}

describe('the answer to a SET', () => {
  const scene = useScene({ nodes: 3 });
  let leader: number;
  let follower: number;
  before(async () => {
    leader = await scene().cluster.waitForLeader();
    follower = scene()
      .cluster.running()
      .filter((node) => node !== leader)[0] as number;
  });
  const ask = async (client: RawClient, sequence: number, input: CommandInput): Promise<Answer> => {
    client.sendAs(sequence, input);
    return client.answerTo(sequence);
  };

  it('is the place of the value in the arguments, and the value when they are asked again, anywhere', async () => {
    const { cluster } = scene();
    const first = await RawClient.open(cluster.addr(leader), { version: ECHO_VERSION });
    const answer = await ask(first, 2, AS_ARGUMENTS);
    assert.ok(answer.kind === 'echo', JSON.stringify(answer));
    assert.equal(Buffer.from(BYTES.subarray(answer.start, answer.end)).toString(), VALUE);
    assert.equal(valueOf(await ask(first, 3, AS_LINE)), VALUE);
    for (const node of [leader, follower]) {
      const again = await RawClient.open(cluster.addr(node), {
        version: ECHO_VERSION,
        session: first.session,
      });
      assert.equal(valueOf(await ask(again, 2, AS_ARGUMENTS)), VALUE);
      again.leave();
    }
    first.leave();
  });

  it('is the value for a client of the first version, and for one whose command was passed on', async () => {
    const { cluster } = scene();
    const old = await RawClient.open(cluster.addr(leader), { version: ECHO_VERSION - 1 });
    assert.equal(valueOf(await ask(old, 2, AS_ARGUMENTS)), VALUE);
    old.leave();
    const passed = await RawClient.open(cluster.addr(follower), { version: ECHO_VERSION });
    assert.equal(valueOf(await ask(passed, 2, AS_ARGUMENTS)), VALUE);
    passed.leave();
  });
});
