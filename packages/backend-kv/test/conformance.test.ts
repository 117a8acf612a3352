/** The key-value backend keeps every rule of the backend contract. */

import { createBackend } from '@quorate/backend-kv';
import { argumentsCommand, backendConformance, textCommand } from '@quorate/core/testing';

const KEYS = ['a', 'b', 'c', 'key with spaces', '\n', 'é', ''];

backendConformance({
  name: 'kv',
  create: () => createBackend(),
  commands: [
    textCommand('SET colour {"red":1}'),
    textCommand('set \'a key\' "line\\none\\x00\\xff"'),
    textCommand('DEL colour'),
    textCommand('get colour'),
    argumentsCommand('GET', Uint8Array.of(0, 255)),
    argumentsCommand('SET', Uint8Array.of(0, 255), new Uint8Array(5000).fill(7)),
    argumentsCommand('set', '', ''),
    argumentsCommand('DEL', ''),
  ],
  refused: [
    textCommand(''),
    textCommand('FLUSHALL'),
    textCommand('SET only-a-key'),
    textCommand('GET one two'),
    textCommand('SET "open'),
    argumentsCommand(),
    argumentsCommand('GET', new Uint8Array(65_537)),
    { form: 'arguments', bytes: Uint8Array.of(1, 0, 9) },
  ],
  randomCommand(random) {
    const key = random.pick(KEYS);
    const draw = random.below(10);
    if (draw < 2) return argumentsCommand('DEL', key);
    if (draw < 4) return argumentsCommand('GET', key);
    const value = Uint8Array.from({ length: random.pick([0, 1, 30, 1024, 1025]) }, () => random.below(256));
    return argumentsCommand('SET', key, value);
  },
});
