// A counter as a replicated store: `add NUMBER`, `total`. The whole backend; docs/writing-a-backend.md builds it up.
import { defineBackend, refuse } from '@quorate/core/ports';

const USAGE = 'add NUMBER | total';

/** `limit` comes from `backendOptions` in config.yaml: the total may not leave the range from 0 to it. */
export function createBackend({ limit = 1000 } = {}) {
  if (!Number.isSafeInteger(limit)) throw new Error(`limit takes a whole number, not ${limit}`);
  return defineBackend({
    name: 'counter',
    usage: USAGE,
    initial: () => ({ total: 0 }),
    parse({ words: [verb, number, ...more] }) {
      if (verb === 'total' && number === undefined) return { ok: true, access: 'read', command: {} };
      if (verb !== 'add' || !/^-?\d{1,15}$/.test(number ?? '') || more.length > 0)
        return { ok: false, error: `the counter knows no such command\nusage: ${USAGE}` };
      return { ok: true, access: 'write', command: { add: Number(number) } };
    },
    execute(state, { add }) {
      const total = state.total + add;
      if (total < 0 || total > limit) return refuse('OUT_OF_RANGE', `${total} is not between 0 and ${limit}`);
      state.total = total;
      return total;
    },
    query: (state) => state.total,
  });
}

/** For `npx quorate conform examples/counter/counter.mjs`. */
export const conformance = {
  options: { limit: 100 },
  commands: ['add 5', 'add 96', 'add -1', ['add', '7'], 'total'],
  refused: ['', 'add', 'add five', 'add 1 2', 'total 1'],
  randomCommand: (random) => ['add', String(random.below(40) - 15)],
};
