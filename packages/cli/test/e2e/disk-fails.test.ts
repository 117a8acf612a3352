/**
 * Purpose: a node whose disk takes no more says so in one line and ends with status 1; the others go
 * on, and with room on its disk it comes back with everything.
 *
 * The disk is made to fail by a limit on the size of files, which the operating system sets for one process.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { NodeProcess } from '#src/spawn/index.ts';
import { QUORATE } from '../helpers/run-quorate.ts';
import { Background } from './support/background.ts';
import { useScene } from './support/scene.ts';
import { waitForOnePosition } from './support/standing.ts';
import { WriteBook } from './support/write-book.ts';

const NODE = 2;
/** In the blocks of 512 bytes that `ulimit -f` counts: 6 MiB, more than an empty journal takes. */
const MAX_FILE_BLOCKS = 12_288;
const WORKERS = 16;
const END_TIMEOUT_MS = 30_000;

describe('a node whose disk fails', function () {
  this.timeout(60_000);
  const scene = useScene({ nodes: 3 });
  let limited: NodeProcess | undefined;
  afterEach(() => limited?.kill());

  it('ends with one line and status 1, and nothing that was acknowledged is lost', async () => {
    const { cluster } = scene();
    await cluster.terminate(NODE);
    const start = [process.execPath, QUORATE, 'start', String(NODE), '--config', cluster.configPath];
    limited = new NodeProcess({
      program: 'sh',
      args: ['-c', `ulimit -f ${MAX_FILE_BLOCKS} && exec "$@"`, 'sh', ...start],
      cwd: cluster.directory,
      logPath: `${cluster.logPath(NODE)}.limited`,
    });
    const ended = limited;
    const book = new WriteBook();
    const client = scene().client();
    const padding = 'x'.repeat(2000);
    const load = new Background(WORKERS, async (worker, turn) => {
      await book.write(client, `${worker}-${turn}-${padding}`);
    });
    await cluster.waitFor('the disk to fail', () => ended.exit !== undefined, END_TIMEOUT_MS);
    const before = book.acknowledged;
    await cluster.waitFor('writes without the node', () => book.acknowledged >= before + 100);
    await load.stop();
    assert.deepEqual(ended.exit, { code: 1, signal: null });
    const said = readFileSync(ended.logPath, 'utf8').split('\n');
    assert.match(
      said.filter((line) => !line.startsWith('{')).join('\n'),
      /^node 2 ready .*\nquorate: JOURNAL_IO: .* failed in .*node-2.*: .*\n$/,
    );
    cluster.restart(NODE);
    await cluster.waitUntilCaughtUp(NODE);
    await waitForOnePosition(cluster);
    await book.verify(scene().clientOf(NODE));
  });
});
