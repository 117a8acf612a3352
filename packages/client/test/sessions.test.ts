/**
 * Exactly once: the session is opened when needed, survives connections, and when the cluster has forgotten it the
 * client says "unknown" rather than risk a second execution.
 */
import assert from 'node:assert/strict';
import { errorAnswer, failure, type RequestFrame, until } from './fake-cluster.ts';
import { ManualClock } from './manual-clock.ts';
import { World } from './world.ts';

describe('sessions', () => {
  let world: World;
  beforeEach(async () => {
    world = await World.start();
  });
  afterEach(() => world.stop());

  const increments = (): string[] => world.cluster.executed.filter((line) => line.endsWith('INCR n'));
  const sessionsUsed = (): number[] => [
    ...new Set(
      world.cluster.nodes.flatMap((node) => node.requests.map((frame: RequestFrame) => frame.session)),
    ),
  ];

  it('survive a reconnect', async () => {
    const client = world.client();
    await client.exec('INCR n');
    world.cluster.node(1).cut();
    await until('the client noticed', () => world.names().includes('disconnect'));
    assert.equal((await client.exec('INCR n')).text(), '2');
    assert.equal(world.cluster.sessions.size, 1);
    assert.equal(sessionsUsed().length, 1);
  });

  it('whose opening is lost or refused are opened again', async () => {
    const client = world.client();
    let tries = 0;
    for (const node of world.cluster.nodes) {
      node.script = (frame, connection) => {
        if (frame.kind !== 'open-session') return false;
        tries += 1;
        if (tries === 1) connection.cut();
        else if (tries === 2) connection.refuse(frame, 'OVERLOADED');
        else if (tries === 3) connection.refuse(frame, 'TIMEOUT', {}, 'none');
        else if (tries === 4) connection.refuse(frame, 'NO_LEADER');
        else return false;
        return true;
      };
    }
    assert.equal((await client.exec('INCR n')).text(), '1');
    assert.equal(tries, 5);
  });

  it('are opened at the leader, found by redirects, at most three', async () => {
    const client = world.client();
    await client.get('n');
    world.cluster.lead(3, true);
    assert.equal((await client.exec('INCR n')).text(), '1');
    world.cluster.sessions.clear();
    for (const node of world.cluster.nodes) {
      node.belief = node.id;
      node.script = (frame, connection) => {
        if (frame.kind !== 'open-session') return false;
        const leader = (node.id % 3) + 1;
        connection.refuse(frame, 'NOT_LEADER', { leader, addr: world.cluster.node(leader).addr });
        return true;
      };
    }
    const error = await failure(client.exec('INCR n'));
    assert.deepEqual([error.code, error.outcome], ['REDIRECTED_TOO_OFTEN', 'none']);
  });

  it('that cannot be opened at all reject what waits for them, and not the reads', async () => {
    const client = world.client();
    world.cluster.node(1).script = (frame, connection) => {
      if (frame.kind !== 'open-session') return false;
      connection.refuse(frame, 'FORBIDDEN');
      return true;
    };
    const [write, read] = await Promise.all([failure(client.set('a', '1')), client.get('a')]);
    assert.deepEqual([write.code, write.outcome], ['FORBIDDEN', 'none']);
    assert.equal(read, null);
  });

  it('that have expired are replaced for commands that were sent for the first time', async () => {
    const client = world.client();
    await client.exec('INCR n');
    world.cluster.sessions.clear();
    const answers = await Promise.all([client.exec('INCR n'), client.exec('INCR n')]);
    assert.deepEqual(
      answers.map((answer) => answer.text()),
      ['2', '3'],
    );
    assert.equal(sessionsUsed().length, 2);
    assert.equal(increments().length, 3);
  });

  it('that have expired leave a command unknown that was sent before, and it is not sent again', async () => {
    const client = world.client();
    await client.exec('INCR n');
    world.cluster.node(1).script = (frame, connection) => {
      if (frame.kind !== 'request') return false;
      for (const command of frame.commands) world.cluster.execute(frame.session, frame.ackSequence, command);
      world.cluster.sessions.clear();
      world.cluster.node(1).script = undefined;
      connection.cut();
      return true;
    };
    const error = await failure(client.exec('INCR n'));
    assert.deepEqual([error.code, error.outcome, error.retryable], ['SESSION_EXPIRED', 'unknown', false]);
    assert.equal(increments().length, 2);
    assert.equal((await client.exec('INCR n')).text(), '3', 'the next command has a new session');
  });

  it('that others have replaced are still the only place for a command that may have been executed there', async () => {
    const clock = new ManualClock();
    const client = world.client({ clock, backoffMinMs: 50, backoffMaxMs: 50 });
    await client.exec('INCR warm');
    let losses = 0;
    world.cluster.node(1).script = (frame, connection) => {
      if (frame.kind !== 'request' || losses++ > 0) return false;
      for (const command of frame.commands) world.cluster.execute(frame.session, frame.ackSequence, command);
      connection.refuse(frame, 'TIMEOUT');
      return true;
    };
    const lost = failure(client.exec('INCR n'));
    await until('its first answer is lost', () => losses === 1 && client.inFlight === 0);
    world.cluster.sessions.clear();
    const other = client.exec('INCR other');
    await until('the other one learns that the session is gone', () => losses === 2 && client.inFlight === 0);
    clock.advance(50);
    assert.equal((await other).text(), '1');
    const error = await lost;
    assert.deepEqual([error.code, error.outcome], ['SESSION_EXPIRED', 'unknown']);
    assert.equal(increments().length, 1);
  });

  it('a command whose answer was lost gets its first answer', async () => {
    const client = world.client();
    await client.set('a', 'before');
    let lost = 0;
    world.cluster.node(1).script = (frame, connection) => {
      if (frame.kind !== 'request' || lost++ > 2) return false;
      for (const command of frame.commands) world.cluster.execute(frame.session, frame.ackSequence, command);
      if (lost === 1) connection.refuse(frame, 'TIMEOUT');
      else if (lost === 2) connection.refuse(frame, 'DISCONNECTED');
      else connection.cut();
      return true;
    };
    assert.equal(await client.del('a'), 'before');
    assert.equal(world.cluster.executed.filter((line) => line.endsWith('DEL a')).length, 1);
  });

  it('a command that the cluster calls stale is unknown', async () => {
    const client = world.client();
    world.cluster.node(1).script = (frame, connection) => {
      if (frame.kind !== 'request') return false;
      connection.answer(
        frame.commands.map(({ sequence }) => errorAnswer(sequence, 'SEQUENCE_STALE', 'too late')),
      );
      return true;
    };
    const error = await failure(client.set('a', '1'));
    assert.deepEqual([error.code, error.outcome], ['SEQUENCE_STALE', 'unknown']);
  });
});
