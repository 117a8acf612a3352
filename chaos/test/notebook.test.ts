/** The notebook keeps every rule of the backend contract. */

import { backendConformance, textCommand } from '@quorate/core/testing';
import { createBackend } from '#src/backend/notebook.ts';

const VERBS = ['SET', 'GET', 'DEL', 'INC', 'TOTAL', 'APPEND', 'LIST'];

backendConformance({
  name: 'notebook',
  create: () => createBackend(),
  commands: ['SET a b', 'GET a', 'DEL a', 'INC a', 'TOTAL a', 'APPEND a b', 'LIST a'].map(textCommand),
  refused: ['', 'FLY', 'SET a', 'GET a b', 'INC', 'toString a'].map(textCommand),
  randomCommand(random) {
    const verb = random.pick(VERBS);
    const key = random.pick(['a', 'b', 'c']);
    return textCommand(
      verb === 'SET' || verb === 'APPEND' ? `${verb} ${key} ${random.below(100)}` : `${verb} ${key}`,
    );
  },
});
