/** `new-backend`: a small working backend with tests in a directory of its own, to be changed into one's own. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { QuorateError } from '@quorate/wire';
import type { CommandContext } from '../context.ts';
import { newBackendFiles } from '../new-backend/templates.ts';

export function runNewBackend(context: CommandContext, name: string): void {
  if (!/^[a-z][a-z0-9-]{0,39}$/.test(name))
    throw new QuorateError(
      'ARGUMENT',
      `${name}: a name has 1 to 40 small letters, digits or -, a letter first`,
    );
  if (existsSync(name)) throw new QuorateError('ARGUMENT', `${name} is there already; nothing was written`);
  mkdirSync(name);
  const files = newBackendFiles(name);
  for (const { path, text } of files) writeFileSync(join(name, path), text, { flag: 'wx' });
  if (context.format === 'json')
    return context.printJson({ directory: name, files: files.map(({ path }) => path) });
  context.print(`${files.map(({ path }) => join(name, path)).join('\n')}\n`);
  context.note(`next:
  cd ${name}
  ln -s CLONE/node_modules .       # only outside the clone of Quorate
  npx quorate conform ./${name}.mjs
  npx mocha ${name}.test.mjs
  npx quorate up --temporary`);
}
