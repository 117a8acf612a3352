// Purpose: the counter keeps every rule of the backend contract.
import { argumentsCommand, backendConformance, textCommand } from '@quorate/core/testing';
import { createBackend } from './counter.mjs';

backendConformance({
  name: 'counter',
  create: () => createBackend({ limit: 100 }),
  commands: [
    textCommand('add 5'),
    textCommand('add 96'),
    textCommand('add -1'),
    argumentsCommand('add', '7'),
    textCommand('total'),
  ],
  refused: [
    textCommand(''),
    textCommand('add'),
    textCommand('add five'),
    textCommand('add 1 2'),
    textCommand('total 1'),
  ],
  randomCommand: (random) => argumentsCommand('add', String(random.below(40) - 15)),
});
