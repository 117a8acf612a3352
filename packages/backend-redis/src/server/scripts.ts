/** The scripts that run inside Redis: `lua/common.lua` in front of each, sent once per server and then named by hash. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

export type Script = { readonly name: string; readonly source: string; readonly sha: string };

/** Without flags a script is not begun when memory is over its limit. */
const CHECKED = '#!lua';
/** Looking and clearing up go on then. */
const ALWAYS = '#!lua flags=allow-oom';

export const APPLY: Script = script(CHECKED, 'commands', 'apply');
export const RESTORE: Script = script(CHECKED, 'restore');
export const OPEN: Script = script(ALWAYS, 'open');
export const RIGHTS: Script = script(ALWAYS, 'rights');
export const IMAGE: Script = script(ALWAYS, 'image');

/** The parts in order; the last one gives the name. */
function script(firstLine: string, ...parts: readonly string[]): Script {
  const source = [firstLine, ...['common', ...parts].map(lua)].join('\n');
  return { name: parts.at(-1) ?? '', source, sha: createHash('sha1').update(source).digest('hex') };
}

/** Read from `src`, which the package ships beside `dist`. */
function lua(name: string): string {
  return readFileSync(new URL(`../../src/lua/${name}.lua`, import.meta.url), 'utf8');
}
