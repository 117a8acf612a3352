/** A leader whose store is away hands leadership over to a node that can apply, and the command is answered there. */
import assert from 'node:assert/strict';
import { type Backend, BackendUnavailable } from '#src/ports/index.ts';
import { fillBackend, TestCluster } from './cluster.ts';

/** Node ids whose stores are away. */
type Away = Set<number>;

/** Makes the backends of nodes 1, 2, ... in turn; one whose store is away can do nothing of what `verbs` names. */
function storesThatGoAway(away: Away, verbs: readonly ('apply' | 'prepare')[]): () => Backend {
  let made = 0;
  return () => {
    made += 1;
    const self = made;
    const good = fillBackend();
    const refuse = (): never => {
      throw new BackendUnavailable('the store is away');
    };
    return new Proxy(good, {
      get: (target, name) => {
        const isAway = verbs.some((verb) => verb === name) && away.has(self);
        if (name === 'prepare' && verbs.includes('prepare'))
          return isAway ? refuse : (command: unknown) => command;
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== 'function') return value;
        return isAway ? refuse : (value.bind(target) as unknown);
      },
    });
  };
}

describe('a leader whose backend cannot store', () => {
  const away: Away = new Set();
  let cluster: TestCluster;

  beforeEach(() => away.clear());
  afterEach(() => cluster.stop());

  it('gives leadership away after a while, keeps voting, and leads on when its store is back', async () => {
    cluster = await TestCluster.start(3, {}, storesThatGoAway(away, ['apply']));
    cluster.run('a leader', () => cluster.leader !== 0);
    const first = cluster.leader;
    away.add(first);
    const { engine } = cluster.node(first);
    // Opening a session is a slot like any other: the leader's store cannot take it.
    cluster.connect(first).openSession();
    cluster.run('another leader', () => ![0, first].includes(cluster.leader), 60_000);
    cluster.clientWithSession(cluster.leader);
    assert.equal(cluster.node(first).fatal, undefined);
    assert.equal(engine.status().role, 'follower');
    away.clear();
    cluster.run('the store to catch up', () => engine.status().backend.state === 'ok', 60_000);
  });

  for (const verb of ['apply', 'prepare'] as const) {
    it(`comes to the one that can ${verb}, whichever of three leads first`, async () => {
      for (const well of [1, 2, 3]) {
        away.clear();
        cluster = await TestCluster.start(3, {}, storesThatGoAway(away, [verb]));
        cluster.run('a leader', () => cluster.leader !== 0);
        const { session } = cluster.clientWithSession(cluster.leader);
        for (const node of [1, 2, 3]) if (node !== well) away.add(node);
        const clients = [1, 2, 3].map((node) => cluster.connect(node));
        let asked = 0;
        cluster.run(
          `node ${well} leads`,
          () => {
            // As clients do: again and again, to whoever leads.
            if (cluster.leader !== 0 && cluster.clock.nowMs - asked >= 500) {
              asked = cluster.clock.nowMs;
              clients[cluster.leader - 1]?.request(session, ['fill key 1'], { timeoutMs: 400 });
            }
            return cluster.leader === well;
          },
          20_000,
        );
        cluster.stop();
      }
    });
  }
});
