/** Sample commands for the conformance kit: `quorate conform kv`, and this package's own test. */
import type { ConformanceSamples } from '@quorate/core/testing';

export { createBackend } from './index.ts';

const KEYS = ['a', 'b', 'c', 'key with spaces', '\n', 'é', ''];

export const conformance: ConformanceSamples = {
  commands: [
    'SET colour {"red":1}',
    'set \'a key\' "line\\none\\x00\\xff"',
    'DEL colour',
    'get colour',
    ['GET', Uint8Array.of(0, 255)],
    ['SET', Uint8Array.of(0, 255), new Uint8Array(5000).fill(7)],
    ['set', '', ''],
    ['DEL', ''],
  ],
  refused: [
    '',
    'FLUSHALL',
    'SET only-a-key',
    'GET one two',
    'SET "open',
    [],
    ['GET', new Uint8Array(65_537)],
    { form: 'arguments', bytes: Uint8Array.of(1, 0, 9) },
  ],
  randomCommand(random) {
    const key = random.pick(KEYS);
    const draw = random.below(10);
    if (draw < 2) return ['DEL', key];
    if (draw < 4) return ['GET', key];
    const value = Uint8Array.from({ length: random.pick([0, 1, 30, 1024, 1025]) }, () => random.below(256));
    return ['SET', key, value];
  },
};
