/**
 * Purpose: a process finds out which node it is from a number, an address, `_` or the machine, and every way in
 * which this fails lists the choices.
 */
import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:net';
import { QuorateError } from '@quorate/wire';
import { loadSettings, localNodes, probeAddress, resolveSelf, type Settings } from '#src/config/index.ts';

/** Reserved for documentation: no machine has it. */
const ELSEWHERE = '192.0.2.1:6660';

describe('who this node is', () => {
  const held: Server[] = [];
  let addrs: string[] = [];

  before(async () => {
    for (let index = 0; index < 3; index++) held.push(await listen());
    addrs = held.map((server) => `127.0.0.1:${portOf(server)}`);
    // The third stays taken; the first two are free, for the moment of this test.
    await Promise.all(held.splice(0, 2).map(close));
  });
  after(() => Promise.all(held.map(close)));

  const settingsOf = (list: readonly string[]): Promise<Settings> =>
    loadSettings({ env: {}, flags: { addrs: list.join(','), insecure: true } });
  const mixed = (): Promise<Settings> =>
    settingsOf([ELSEWHERE, addrs[2] ?? '', addrs[0] ?? '', addrs[1] ?? '']);

  it('by number, counted from 1', async () => {
    assert.equal(await resolveSelf(await mixed(), '3'), 3);
  });

  it('by address', async () => {
    const settings = await mixed();
    assert.equal(await resolveSelf(settings, addrs[1]), 4);
  });

  it('by address even if somebody listens there: the server will say so', async () => {
    assert.equal(await resolveSelf(await mixed(), addrs[2]), 2);
  });

  it('the first free address of this machine', async () => {
    assert.equal(await resolveSelf(await mixed(), '_'), 3);
  });

  it('the only address of this machine', async () => {
    assert.equal(await resolveSelf(await settingsOf([ELSEWHERE, addrs[2] ?? '']), undefined), 2);
  });

  it('lists the choices when several belong to this machine', async () => {
    const error = await refusalOf(resolveSelf(await mixed(), undefined));
    assert.equal(error.code, 'ARGUMENT');
    assert.equal(
      error.message,
      `3 of the addresses belong to this machine: say which one\n    2  ${addrs[2]}\n    3  ${addrs[0]}\n    4  ${addrs[1]}`,
    );
  });

  it('lists the nodes when none belongs to this machine', async () => {
    const error = await refusalOf(resolveSelf(await settingsOf([ELSEWHERE]), undefined));
    assert.equal(error.message, `none of the addresses belongs to this machine\n    1  ${ELSEWHERE}`);
  });

  it('says that every address is in use', async () => {
    const error = await refusalOf(resolveSelf(await settingsOf([addrs[2] ?? '']), '_'));
    assert.equal(error.code, 'ADDRESS_IN_USE');
  });

  for (const which of ['0', '5', '127.0.0.1:1']) {
    it(`refuses ${which}, which is not a node`, async () => {
      const error = await refusalOf(resolveSelf(await mixed(), which));
      assert.equal(error.code, 'ARGUMENT');
      assert.match(error.message, new RegExp(`^${which} is not a node of this cluster\n    1  192`));
    });
  }

  it('refuses what is neither number nor address', async () => {
    const error = await refusalOf(resolveSelf(await mixed(), 'one'));
    assert.equal(error.code, 'ARGUMENT');
  });

  it('refuses an address that this machine does not have', async () => {
    const error = await refusalOf(resolveSelf(await mixed(), '1'));
    assert.equal(error.code, 'CONFIG_INVALID');
    assert.match(error.message, /^flag --addrs: 192\.0\.2\.1:6660 does not belong to this machine\n/);
  });

  it('knows free, taken and foreign addresses apart', async () => {
    assert.deepEqual(await Promise.all([addrs[0] ?? '', addrs[2] ?? '', ELSEWHERE].map(probeAddress)), [
      'free',
      'in-use',
      'foreign',
    ]);
    assert.deepEqual(await localNodes(await mixed()), [2, 3, 4]);
  });
});

function listen(): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve(server));
  });
}

function portOf(server: Server): number {
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  return address.port;
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}

async function refusalOf(resolving: Promise<unknown>): Promise<QuorateError> {
  try {
    await resolving;
  } catch (error) {
    assert.ok(error instanceof QuorateError, String(error));
    return error;
  }
  throw new Error('it was accepted');
}
