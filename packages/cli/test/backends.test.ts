/** Purpose: a backend is found by name and by path, and whatever is wrong with it is said by its name. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { loadBackend } from '#src/backends.ts';
import { TemporaryDirectory } from './helpers/temporary-directory.ts';

const MODULE = `
export function createBackend(options) {
  if (options?.broken) throw new Error('no such option: broken');
  const nothing = () => undefined;
  return { name: 'mine', options, open: nothing, parse: nothing, encode: nothing, decode: nothing, apply: nothing, query: nothing, close: nothing };
}`;

describe('loading a backend', () => {
  const directory = new TemporaryDirectory();
  after(() => directory[Symbol.dispose]());
  const load = (backend: string, backendOptions?: unknown) =>
    loadBackend({ backend, backendOptions, source: undefined });
  const write = (name: string, text: string): string => {
    writeFileSync(directory.file(name), text);
    return directory.file(name);
  };

  it('by name', async () => {
    assert.equal((await load('kv')).name, 'kv');
  });

  it('by path, with its options', async () => {
    const backend = await load(write('mine.mjs', MODULE), { colour: 'red' });
    assert.equal(backend.name, 'mine');
    assert.deepEqual((backend as unknown as { options: unknown }).options, { colour: 'red' });
  });

  it('by path, from a default export', async () => {
    const text = MODULE.replace('export function createBackend', 'export default function');
    assert.equal((await load(write('default.mjs', text))).name, 'mine');
  });

  const refusals: readonly (readonly [what: string, load: () => Promise<unknown>, message: RegExp])[] = [
    [
      'a name that is none',
      () => load('kw'),
      /^backend kw: there is no such backend\n {4}npm install @quorate\/backend-kw, or write kv/,
    ],
    [
      'a package that is not there',
      () => load('@nobody/nothing'),
      /^backend @nobody\/nothing: cannot load the module: Cannot find package.*\n {4}npm install @nobody\/nothing$/,
    ],
    [
      'a path without ./ in front',
      () => load('backends/mine.mjs'),
      /^backend backends\/mine\.mjs: cannot load the module: Cannot find package.*\n {4}npm install .*, if a file is meant, begin with \.\/: \.\/backends\/mine\.mjs$/,
    ],
    [
      'a path that is not there',
      () => load(directory.file('none.mjs')),
      /none\.mjs: there is no such file\n {4}a path in config\.yaml counts from that file/,
    ],
    [
      'a module outside the clone, which does not find its packages',
      () => load(write('far.mjs', "import '@quorate/core/ports';")),
      /far\.mjs: cannot load the module: Cannot find package '@quorate\/core'.*\n {4}keep its directory inside the clone/,
    ],
    [
      'a module that imports what nobody installed',
      () => load(write('needy.mjs', `import ${JSON.stringify('nobodys-package')};`)),
      /needy\.mjs: cannot load the module.*\n {4}the module was found; .*: npm install nobodys-package$/,
    ],
    [
      'a module that does not compile',
      () => load(write('syntax.mjs', 'export {')),
      /cannot load the module: Unexpected end of input\n {4}the module was found, and fails by itself; node .*syntax\.mjs shows where$/,
    ],
    [
      'a module without a factory',
      () => load(write('empty.mjs', 'export const x = 1;')),
      /the module exports no createBackend function/,
    ],
    [
      'a factory that gives something else',
      () => load(write('other.mjs', 'export const createBackend = () => ({ name: "x" });')),
      /createBackend did not give a backend/,
    ],
    [
      'a factory that throws',
      () => load(write('mine.mjs', MODULE), { broken: true }),
      /mine\.mjs: no such option: broken\n {4}see backendOptions/,
    ],
  ];
  for (const [what, loading, message] of refusals) {
    it(`refuses ${what}`, () => assert.rejects(loading(), { code: 'CONFIG_INVALID', message }));
  }
});
