// Who may import whom, as data. docs/architecture.md draws the same picture; this table is what the gate believes.
//
// A zone is a folder. `may` lists what its files may name:
//   a zone's name            any file of that zone
//   `type NAME`              the same, but only with `import type`
//   `@quorate/...`           one of our packages, by exact specifier
//   `node:*`                 anything built into Node
//   `outside`                packages that are not ours; they must stand in the package's own manifest
// A zone may always name itself. The first zone that covers a file counts. A folder of core that no zone covers is
// refused, so a new folder has to find its place here.

const CORE = 'packages/core/src';
const CORE_INNER = [
  '@quorate/core/ports',
  '@quorate/core/protocol',
  '@quorate/core/wire',
  '@quorate/core/testing',
  '@quorate/core/segment-journal', // Over any disk, also a simulated one.
];
const PURE_HELP = 'take the value as an input of step() or return it as an output; the host does the rest';

/** Files that may import each other in a circle, because what they read is recursive. A cycle that leaves them is refused. */
export const RECURSIONS = [
  // An expression may hold a query, a query expressions, and both call functions whose bodies are statements.
  /^packages\/backend-postgres\/src\/sql\/(?:examine-[a-z]+|query-order)\.ts$/,
];

export const ZONES = [
  {
    // The words everybody inside core shares: branded ids and ballots with the functions that make and
    // compare them, and the seeded generator.
    name: 'vocabulary',
    dir: /^packages\/core\/src\/protocol\/(?:types|ballot|random)\.ts$/,
    pure: true,
    may: [],
    help: 'shared words know nothing but each other',
  },
  {
    name: 'protocol',
    dir: `${CORE}/protocol`,
    pure: true,
    may: ['vocabulary'],
    help: 'the protocol knows nothing but itself',
  },
  {
    name: 'synod',
    dir: `${CORE}/synod`,
    pure: true,
    may: ['vocabulary', 'protocol'],
    help: 'synod may build on protocol only',
  },
  {
    name: 'wire',
    dir: `${CORE}/wire`,
    pure: true,
    may: ['vocabulary', 'protocol', '@quorate/wire'],
    help: 'wire turns bytes into protocol messages and back',
  },
  {
    name: 'ports',
    dir: `${CORE}/ports`,
    may: ['vocabulary', 'type protocol', '@quorate/wire'],
    help: 'a port is a contract: use `import type` for protocol messages and move behaviour behind the interface',
  },
  {
    name: 'runtime',
    dir: `${CORE}/runtime`,
    may: ['vocabulary', 'protocol', 'synod', 'wire', 'ports', 'errors', '@quorate/wire', 'node:*'],
    help: 'the runtime gets its adapters through the constructor: name the port instead',
  },
  {
    name: 'adapters',
    dir: `${CORE}/adapters`,
    may: ['vocabulary', 'type protocol', 'wire', 'ports', 'errors', '@quorate/wire', 'node:*', 'outside'],
    help: 'an adapter implements a port: what it needs from the runtime has to become part of that port',
  },
  {
    name: 'config',
    dir: `${CORE}/config`,
    may: ['vocabulary', 'errors', 'type ports', '@quorate/wire', 'node:*', 'outside'],
    help: 'settings are plain data: whoever uses them does the translation',
  },
  {
    name: 'testing',
    dir: `${CORE}/testing`,
    may: ['vocabulary', 'type protocol', 'ports', 'errors', '@quorate/wire', 'node:*'],
    help: 'suites and doubles see ports only, so that anybody can run them',
  },
  {
    name: 'errors',
    file: `${CORE}/errors.ts`,
    may: ['@quorate/wire'],
    help: 'errors depend on the shared table only',
  },
  { name: 'server', dir: `${CORE}/server`, may: ['*'], help: '' }, // Composes a node from all the parts.
  { name: 'core entry', file: `${CORE}/index.ts`, may: ['*'], help: '' },
  {
    name: 'packages/wire',
    dir: 'packages/wire/src',
    pure: true,
    may: [],
    help: '@quorate/wire has no dependency at all',
  },
  {
    name: 'client',
    dir: 'packages/client/src',
    may: ['@quorate/wire', 'node:*', 'outside'],
    help: 'a client must install without the core and its native parts: share through @quorate/wire',
  },
  {
    name: 'backend conformance',
    dir: /^packages\/backend-[a-z]+\/src\/(?:conformance\.ts$|testing\/)/,
    may: ['backend', '@quorate/core/ports', '@quorate/core/testing', '@quorate/wire', 'node:*', 'outside'],
    help: 'samples and servers for the conformance kit; nothing of a backend itself may need them',
  },
  {
    name: 'backend',
    dir: /^packages\/backend-[a-z]+\/src\//,
    may: ['@quorate/core/ports', '@quorate/wire', 'node:*', 'outside'],
    help: 'a backend sees what any stranger sees: @quorate/core/ports (and /testing in its tests)',
  },
  {
    name: 'backend tests',
    dir: /^packages\/backend-[a-z]+\/test\//,
    may: [
      '@quorate/core/ports',
      '@quorate/core/testing',
      '@quorate/wire',
      'node:*',
      'outside',
      'own package',
    ],
    help: 'test a backend through @quorate/core/testing, as its users would',
  },
  {
    name: 'sim',
    dir: 'packages/sim/src',
    may: [
      ...CORE_INNER,
      '@quorate/core/runtime',
      '@quorate/wire',
      '@quorate/client',
      '@quorate/backend-kv',
      'node:*',
      'outside',
    ],
    help: 'the simulator plays network, disk and clock itself: it uses the inner entry points, never adapters',
  },
  { name: 'cli', dir: 'packages/cli/src', may: ['*'], help: '' },
];

/** Words that bring time, chance or waiting into code that must be a function of its inputs. */
export const IMPURE_WORDS = [
  { word: 'Date', pattern: /\bDate\b(?=\s*[.(]|\s*\))/g },
  { word: 'Math.random', pattern: /\bMath\s*\.\s*random\b/g },
  { word: 'async', pattern: /\basync\b(?=\s+function\b|\s*\(|\s+[\w$#[]|\s*\*)/g },
  { word: 'await', pattern: /\bawait\b(?=\s)/g },
  { word: 'Promise', pattern: /\bnew\s+Promise\b|\bPromise\s*(?=[.<])/g },
  { word: 'setTimeout', pattern: /\bset(?:Timeout|Interval|Immediate)\b|\bqueueMicrotask\b/g },
].map((entry) => ({ ...entry, help: PURE_HELP }));
