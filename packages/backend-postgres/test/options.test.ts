/** `backendOptions` of the PostgreSQL backend: a server or the embedded one, and nothing that has no effect. */
import assert from 'node:assert/strict';
import { createBackend } from '@quorate/backend-postgres';

describe('options of the postgres backend', () => {
  const url = 'postgres://ann@127.0.0.1:5432/data';

  it('lets a server keep the data, and the embedded one begin empty each time', () => {
    assert.equal(createBackend({ url }).durability, 'durable');
    assert.equal(createBackend({ url, embedded: false }).durability, 'durable');
    assert.equal(createBackend({ embedded: true }).durability, 'volatile');
  });

  for (const [options, words] of [
    [undefined, /needs `url`.* or `embedded: true`/],
    [{ embedded: false }, /needs `url`/],
    [{ embedded: 'yes' }, /embedded is true or false/],
    [{ embedded: true, url }, /url is for a server: leave it out beside `embedded: true`/],
    [{ url, refuse: 812.5 }, /refuse names commands .* like "812\/0"/],
    [{ url, refuse: '812' }, /refuse names commands/],
    [{ embedded: true, readTimeoutMs: 5 }, /readTimeoutMs is for a server/],
  ] as const)
    it(`refuses ${JSON.stringify(options)} in words`, () =>
      assert.throws(() => createBackend(options), { code: 'CONFIG_INVALID', message: words }));

  it('says of a snapshot that the embedded one takes none', async () => {
    await assert.rejects(createBackend({ embedded: true }).snapshot(), /takes and restores no snapshots/);
  });
});
