import assert from 'node:assert/strict';
import { Session, SqlFailure } from '#src/session.ts';
import { MAY_WRITE } from '#src/settings.ts';
import { PINNED_FUNCTIONS_SQL, pinStatement, type SqlCommand } from '#src/sql/index.ts';
import { startTemporaryPostgres, type TemporaryPostgres } from '#src/testing/temporary-postgres.ts';

const DRAWS = 'select quorate.now(), quorate.gen_random_uuid(), quorate.gen_random_uuid(), quorate.random()';

describe('time and chance of stored code', function () {
  this.timeout(60_000);
  let server: TemporaryPostgres;
  let session: Session;

  const connect = (settings: Readonly<Record<string, string>>): Promise<Session> =>
    Session.connect({
      link: { url: server.url },
      purpose: 'pins',
      connectTimeoutMs: 30_000,
      signal: new AbortController().signal,
      settings,
    });

  before(async () => {
    server = await startTemporaryPostgres();
    session = await connect(MAY_WRITE);
    await session.run(`create schema quorate; ${PINNED_FUNCTIONS_SQL}`);
  });

  after(async () => {
    await session?.close();
    await server?.stop();
  });

  async function drawWith(pins: SqlCommand['pins']): Promise<readonly (string | null)[]> {
    await session.run('begin');
    const pin = pinStatement({ statements: [], ...(pins !== undefined && { pins }) });
    if (pin !== undefined) await session.ask(pin.sql, pin.params);
    const { rows } = await session.ask(DRAWS);
    await session.run('rollback');
    return rows[0] ?? [];
  }

  it('gives the same values for the same pins, however often the command is tried', async () => {
    const pins = { now: '2024-02-29 12:00:00.123+00', seed: '00112233445566778899aabbccddeeff' };
    const first = await drawWith(pins);
    assert.deepEqual(await drawWith(pins), first);
    assert.equal(first[0], '2024-02-29 12:00:00.123+00');
    assert.match(first[1] ?? '', /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    assert.notEqual(first[1], first[2]);
    assert.ok(Number(first[3]) >= 0 && Number(first[3]) < 1);
  });

  it('gives other values for another seed', async () => {
    const now = '2024-01-01 00:00:00+00';
    const [, one] = await drawWith({ now, seed: '00' });
    const [, two] = await drawWith({ now, seed: '01' });
    assert.notEqual(one, two);
  });

  it('refuses a command that was not prepared for them', async () => {
    for (const sql of ['select quorate.now()', 'select quorate.random()', 'select quorate.gen_random_uuid()'])
      await assert.rejects(
        session.ask(sql),
        (error) => error instanceof SqlFailure && error.state === '0A000',
      );
  });

  it('answers readers as the built-in functions do', async () => {
    const reader = await connect({});
    const { rows } = await reader.ask('select quorate.now() = pg_catalog.now(), quorate.random() < 1');
    assert.deepEqual(rows, [['t', 't']]);
    await reader.close();
  });
});
