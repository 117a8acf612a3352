/** A leader whose store is away hands leadership over to a node that can apply, and the command is answered there. */
import assert from 'node:assert/strict';
import { type Backend, BackendUnavailable } from '#src/ports/index.ts';
import { fillBackend, TestCluster } from './cluster.ts';

describe('a leader whose backend cannot store', () => {
  let cluster: TestCluster;

  afterEach(() => cluster.stop());

  it('gives leadership away after a while, keeps voting, and leads on when its store is back', async () => {
    const away = { node: 0 };
    let made = 0;
    const backend = (): Backend => {
      made += 1;
      const self = made;
      const good = fillBackend();
      return new Proxy(good, {
        get: (target, name) => {
          const value: unknown = Reflect.get(target, name);
          if (name !== 'apply' || typeof value !== 'function') {
            return typeof value === 'function' ? (value.bind(target) as unknown) : value;
          }
          return (...args: unknown[]): unknown => {
            if (away.node === self) throw new BackendUnavailable('the store is away');
            return Reflect.apply(value, target, args);
          };
        },
      });
    };
    cluster = await TestCluster.start(3, {}, backend);
    cluster.run('a leader', () => cluster.leader !== 0);
    const first = cluster.leader;
    away.node = first;
    const { engine } = cluster.node(first);
    // Opening a session is a slot like any other: the leader's store cannot take it.
    cluster.connect(first).openSession();
    cluster.run('another leader', () => ![0, first].includes(cluster.leader), 60_000);
    cluster.clientWithSession(cluster.leader);
    assert.equal(cluster.node(first).fatal, undefined);
    assert.equal(engine.status().role, 'follower');
    away.node = 0;
    cluster.run('the store to catch up', () => engine.status().backend.state === 'ok', 60_000);
  });
});
