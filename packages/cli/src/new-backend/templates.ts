/**
 * The files of a new backend: a notebook of names and texts on the simple level, small enough to be replaced line by line,
 * complete enough to pass the conformance kit as it is.
 */
export type NewFile = { readonly path: string; readonly text: string };

export function newBackendFiles(name: string): readonly NewFile[] {
  return [
    { path: `${name}.mjs`, text: backend(name) },
    { path: `${name}.test.mjs`, text: test(name) },
    { path: 'config.yaml', text: config(name) },
    { path: 'package.json', text: manifest(name) },
    { path: 'README.md', text: readme(name) },
  ];
}

function backend(name: string): string {
  return `// The ${name} backend: note NAME TEXT, read NAME, names.
import { defineBackend, refuse } from '@quorate/core/ports';

const USAGE = 'note NAME TEXT | read NAME | names';

/** \`maxNotes\` comes from backendOptions in config.yaml. */
export function createBackend({ maxNotes = 10_000 } = {}) {
  if (!Number.isSafeInteger(maxNotes)) throw new Error(\`maxNotes takes a whole number, not \${maxNotes}\`);
  return defineBackend({
    name: '${name}',
    usage: USAGE,
    // The state: plain data, the same on every node.
    initial: () => ({ notes: new Map() }),
    // Runs once, on the node that has the client. What it refuses never reaches the log.
    parse({ words: [verb, name, text, ...more] }) {
      if (verb === 'note' && text !== undefined && more.length === 0)
        return { ok: true, access: 'write', command: { name, text } };
      if (verb === 'read' && name !== undefined && text === undefined)
        return { ok: true, access: 'read', command: { name } };
      if (verb === 'names' && name === undefined) return { ok: true, access: 'read', command: {} };
      return { ok: false, error: \`${name} knows no such command\\nusage: \${USAGE}\` };
    },
    // Runs on every node, in the same order: no clock, no chance, nothing but its arguments.
    execute({ notes }, { name, text }) {
      if (!notes.has(name) && notes.size >= maxNotes) return refuse('FULL', \`there are \${maxNotes} notes already\`);
      notes.set(name, text);
      return text;
    },
    // Reads change nothing and enter no log.
    query: ({ notes }, { name }) => (name === undefined ? [...notes.keys()].sort().join(' ') : notes.get(name)),
  });
}

/** Samples for the conformance kit: \`npx quorate conform ./${name}.mjs\`. */
export const conformance = {
  options: { maxNotes: 5 },
  commands: ['note one "first text"', ['note', 'two', 'second'], 'read one', 'names'],
  refused: ['', 'note', 'note one', 'read', 'names all', 'shout one'],
  randomCommand: (random) => {
    const name = \`n\${random.below(8)}\`;
    return random.chance(0.7) ? ['note', name, String(random.below(100))] : ['read', name];
  },
};
`;
}

function test(name: string): string {
  return `// Purpose: the ${name} backend keeps every rule of the contract, and its own.
import assert from 'node:assert/strict';
import { backendConformance, subjectOf } from '@quorate/core/testing';
import * as ${identifierOf(name)} from './${name}.mjs';

backendConformance(await subjectOf(${identifierOf(name)}, { name: '${name}' }));

describe('the ${name} backend', () => {
  it('refuses options that make no sense', () => {
    assert.throws(() => ${identifierOf(name)}.createBackend({ maxNotes: 'many' }), /whole number/);
  });
});
`;
}

function config(name: string): string {
  return `addrs:
  - 127.0.0.1:6670
  - 127.0.0.1:6671
  - 127.0.0.1:6672

cluster: ${name}
backend: ./${name}.mjs # beside this file
`;
}

/** Without dependencies: the packages of Quorate and mocha are found in the clone, and an install must not look for them elsewhere. */
function manifest(name: string): string {
  const content = {
    name,
    version: '0.1.0',
    private: true,
    type: 'module',
    scripts: {
      start: 'quorate up --temporary',
      test: `mocha ${name}.test.mjs`,
      conform: `quorate conform ./${name}.mjs`,
    },
  };
  return `${JSON.stringify(content, undefined, 2)}\n`;
}

function readme(name: string): string {
  return `# ${name}

A backend for Quorate. \`note NAME TEXT\` stores a text, \`read NAME\` gives it back, \`names\` lists them.

\`\`\`sh
npx quorate conform ./${name}.mjs    # every rule of the contract
npx mocha ${name}.test.mjs
npx quorate up --temporary          # three nodes and a prompt
\`\`\`

Inside a clone of Quorate that has been built (\`npm ci && npm run build\`) this works as it is: Node and npx look for packages in
the directories above too, so there is nothing to install. Elsewhere, first link the packages of the clone:
\`ln -s CLONE/node_modules node_modules\`.
`;
}

/** A word that JavaScript takes for a name. */
function identifierOf(name: string): string {
  return name.replace(/-+([a-z0-9]?)/g, (_, letter: string) => letter.toUpperCase());
}
