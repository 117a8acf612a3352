/** Whatever is set, read and deleted, in whatever order: the backend answers as a Map of bytes would. */
import assert from 'node:assert/strict';
import { createBackend, type KvCommand, kvCommand } from '@quorate/backend-kv';
import { type AppliedMark, type ApplyBatch, asSlot } from '@quorate/core/ports';
import type { Result } from '@quorate/wire';
import fc from 'fast-check';

type Step =
  | { readonly kind: 'SET'; readonly key: Uint8Array; readonly value: Uint8Array }
  | { readonly kind: 'GET' | 'DEL'; readonly key: Uint8Array };

const key = fc.oneof(fc.uint8Array({ maxLength: 1 }), fc.uint8Array({ maxLength: 20 }));
const value = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc.integer({ min: 1000, max: 1050 }).map((length) => new Uint8Array(length).fill(length)),
);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('SET' as const), key, value }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('GET' as const, 'DEL' as const), key }) },
);

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const shown = (result: Result): string | null =>
  result.ok && result.value !== null ? hex(result.value) : null;

/** The same steps on a plain Map. */
class KvModel {
  readonly content = new Map<string, string>();

  run(one: Step): string | null {
    const name = hex(one.key);
    const before = this.content.get(name) ?? null;
    if (one.kind === 'SET') {
      this.content.set(name, hex(one.value));
      return hex(one.value);
    }
    if (one.kind === 'DEL') this.content.delete(name);
    return before;
  }
}

function commandOf(one: Step): KvCommand {
  return one.kind === 'SET' ? kvCommand('SET', one.key, one.value) : kvCommand(one.kind, one.key);
}

describe('key-value backend', () => {
  it('answers as a Map would, by slots and by queries, and restores to the same content', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(step, { maxLength: 12 }), { maxLength: 8 }), async (slots) => {
        const [backend, copy] = [createBackend(), createBackend()];
        const model = new KvModel();
        let mark: AppliedMark = { clusterId: 'c', group: 0, slot: asSlot(0), digest: '0'.repeat(16) };
        for (const steps of slots) {
          const next = { ...mark, slot: asSlot(mark.slot + 1) };
          const commands = steps.map((one, ordinal) => ({ command: commandOf(one), ordinal }));
          const batch: ApplyBatch<KvCommand> = {
            slot: next.slot,
            logTimeMs: 1,
            commands,
            previous: mark,
            next,
            records: [],
          };
          assert.deepEqual(
            backend.apply(batch).map(shown),
            steps.map((one) => model.run(one)),
          );
          mark = next;
        }
        const snapshot = await backend.snapshot();
        await copy.restore(snapshot);
        await snapshot.release();
        for (const one of [backend, copy]) {
          for (const steps of slots) {
            for (const { key: wanted } of steps) {
              assert.equal(
                shown(one.query(kvCommand('GET', wanted))),
                model.content.get(hex(wanted)) ?? null,
              );
            }
          }
        }
        assert.equal(await copy.digest(), await backend.digest());
        assert.match((await copy.health()).detail, new RegExp(`^${model.content.size} keys`));
      }),
      { numRuns: 150 },
    );
  });

  it('keeps what was set when the bytes that the command came in are used again', () => {
    const backend = createBackend();
    let mark: AppliedMark = { clusterId: 'c', group: 0, slot: asSlot(0), digest: '0'.repeat(16) };
    for (const length of [10, 5000, 65_536, 65_537]) {
      const name = new Uint8Array(4).fill(length);
      const set = new Uint8Array(length).fill(7);
      const bytes = backend.encode(kvCommand('SET', name, set)).slice();
      const next = { ...mark, slot: asSlot(mark.slot + 1) };
      const commands = [{ command: backend.decode(bytes), ordinal: 0 }];
      backend.apply({ slot: next.slot, logTimeMs: 1, commands, previous: mark, next, records: [] });
      mark = next;
      bytes.fill(0xff);
      assert.equal(shown(backend.query(kvCommand('GET', name))), hex(set), `a value of ${length} bytes`);
    }
  });
});
