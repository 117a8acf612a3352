/** Mutants of backends: effects and mark together, the same everywhere. */
import type { Mutant } from '../mutant.ts';
import { kvConformance, kvModel, kvStore, testsOf } from './hunts.ts';
import { kv, ports } from './places.ts';

const simpleBackends = testsOf(
  'backend rules',
  'core',
  'backend/define-backend.test.js',
  'backend/conformance-kit.test.js',
);

export const BACKEND_MUTANTS: readonly Mutant[] = [
  {
    id: 'repeated-batch-executes-again',
    wrong: 'A batch that was applied is executed again when it comes a second time.',
    seen: 'rqlite 2747 and 2759: rows twice after a restart',
    patches: [
      kv(
        'kv-backend.ts',
        `if (judgeStep(this.#mark, batch) === 'repeated')\n            return this.#lastResults;`,
        `judgeStep(this.#mark, batch);`,
      ),
    ],
    hunt: kvConformance,
  },
  {
    id: 'wrong-mark-applied',
    wrong: "A batch is applied whatever the store's mark says.",
    seen: 'Redis after an asynchronous fail-over, a restored dump: the store lost data and goes on',
    patches: [
      kv(
        'kv-backend.ts',
        `if (judgeStep(this.#mark, batch) === 'repeated')
            return`,
        `if (this.#mark?.slot === batch.next.slot)
            return`,
      ),
    ],
    hunt: kvConformance,
  },
  {
    id: 'now-in-apply',
    wrong: 'The clock of the node goes into what a command stores.',
    seen: 'rqlite 536 and 1976, VoltDB: now() and random() in replicated statements',
    patches: [
      kv(
        'kv-backend.ts',
        `this.list.push({ ok: true, value: copyOf(source, start, end) });`,
        `this.list.push({ ok: true, value: new TextEncoder().encode(String(Date.now())) });`,
      ),
    ],
    hunt: kvConformance,
  },
  {
    id: 'map-order-in-snapshot',
    wrong: 'A snapshot lists keys in the order in which they came, so equal stores give different bytes.',
    seen: 'the family of iteration orders that reach a hash',
    patches: [
      kv(
        'key-value-store.ts',
        `return entries.sort((left, right) => (left[0] < right[0] ? -1 : 1));`,
        `return entries;`,
      ),
    ],
    hunt: kvStore,
  },
  {
    id: 'snapshot-without-write-barrier',
    wrong: 'A snapshot that is being read sees what is written meanwhile.',
    seen: 'ZooKeeper and others: fuzzy snapshots taken for exact ones',
    patches: [
      kv(
        'key-value-store.ts',
        `for (const image of this.#images)\n            image.preserve(shard, key, old);`,
        ``,
      ),
    ],
    hunt: kvConformance,
  },
  {
    id: 'partial-install',
    wrong: 'A snapshot that turns out to be damaged has replaced part of the store by then.',
    seen: 'rqlite 2747, ArcadeDB 4824: a failed restore leaves half of it',
    patches: [
      kv('kv-backend.ts', `let restored;\n`, `let restored;\n        this.#store = new KeyValueStore();\n`),
    ],
    hunt: kvConformance,
  },
  {
    id: 'snapshot-digest-ignored',
    wrong: 'A damaged snapshot is installed.',
    seen: 'NATS 2.12.1 (Jepsen): a damaged snapshot deleted a stream',
    patches: [kv('kv-snapshot.ts', `if (end.text(16) !== hasher.hex())`, `if (end.text(16).length !== 16)`)],
    hunt: kvConformance,
  },
  {
    id: 'value-is-a-view',
    wrong: 'A stored value is a view into the bytes of the log, which are used again.',
    seen: 'pooled buffers that are kept past their turn',
    patches: [
      kv('entry-arena.ts', `source.slice(valueStart, valueEnd)`, `source.subarray(valueStart, valueEnd)`),
    ],
    hunt: kvModel,
  },
  {
    id: 'simple-command-half-applied',
    wrong:
      'An exception in the middle of a command becomes a result, and what the command had changed by then stays.',
    seen: 'frameworks whose apply may throw after it has written',
    patches: [
      ports(
        'define-backend.ts',
        `const where = \`slot \${context.slot}, command \${context.ordinal}\`;`,
        `return refuse('FAILED', messageOf(error));\n            const where = \`slot \${context.slot}, command \${context.ordinal}\`;`,
      ),
    ],
    hunt: simpleBackends,
  },
  {
    id: 'empty-value-is-no-value',
    wrong: 'A key that holds an empty value is taken for a key that is not there.',
    seen: 'consens: a missing key is an empty body; pocdb: an empty value comes back as its version',
    patches: [
      kv('kv-backend.ts', `if (value === undefined)`, `if (value === undefined || value.length === 0)`),
    ],
    hunt: kvModel,
  },
];
