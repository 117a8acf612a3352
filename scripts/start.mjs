// `npm start`: the first command on a fresh clone. Prepares the clone, then hands the terminal to `quorate up`
// with the remaining arguments: same standard streams, same exit status.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { join } from 'node:path';

import { prepare } from './lib/prepare.mjs';
import { ROOT } from './lib/workspaces.mjs';

const LAUNCHER = join(ROOT, 'packages', 'cli', 'bin', 'quorate.mjs');

if (await prepare()) {
  const child = spawn(process.execPath, [LAUNCHER, 'up', ...process.argv.slice(2)], { stdio: 'inherit' });
  // A terminal sends SIGINT to the whole group, so the child has it already; we only must not die before it has
  // stopped its nodes. SIGTERM reaches this process alone and is passed on.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  child.on('error', (error) => {
    process.stderr.write(`quorate: cannot start ${LAUNCHER}: ${error.message}\n`);
    process.exitCode = 1;
  });
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? 128 + constants.signals[signal];
  });
} else {
  process.exitCode = 1;
}
