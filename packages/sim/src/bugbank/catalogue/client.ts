/** Mutants of the client: what it repeats, and what it says of the outcome. */
import type { Mutant } from '../mutant.ts';
import { testsOf } from './hunts.ts';
import { client } from './places.ts';

const clientSessions = testsOf('client rules', 'client', 'sessions.test.js');
const clientOutcomes = testsOf('client rules', 'client', 'outcome.test.js');

export const CLIENT_MUTANTS: readonly Mutant[] = [
  {
    id: 'retry-with-a-new-sequence',
    wrong:
      'A client that lost its connection asks again under a new number, so the cluster does not recognise the command.',
    seen: 'sofa-jraft 1053, rabbitmq/ra 145: no exactly-once',
    patches: [
      client(
        'command-engine.ts',
        `command.maybeExecuted = true;\n            command.state = 'waiting';\n`,
        `command.maybeExecuted = true;\n            command.state = 'waiting';\n            this.#window.remove(command);\n            this.#window.add(command);\n`,
      ),
    ],
    hunt: clientOutcomes,
  },
  {
    id: 'retry-in-a-new-session',
    wrong:
      'After the end of its session a client opens another one and sends a command again that may have been executed.',
    seen: 'the advice "register again and retry", which turns exactly-once into at-least-once',
    patches: [
      client(
        'refusal-desk.ts',
        `if (command.needsSession && !command.maybeExecuted)`,
        `if (command.needsSession)`,
      ),
      client(
        'outbound.ts',
        `if (!command.needsSession || command.maybeExecuted)`,
        `if (!command.needsSession)`,
      ),
    ],
    hunt: clientSessions,
  },
  {
    id: 'unknown-said-as-none',
    wrong: 'A command whose answer was lost with the connection is reported as not executed.',
    seen: 'paxuby: failure and "not leader" share one answer; Jepsen reports by the dozen',
    patches: [client('command-engine.ts', `command.maybeExecuted = true;\n`, ``)],
    hunt: clientOutcomes,
  },
  {
    id: 'acknowledge-while-pending',
    wrong:
      'A client acknowledges a sequence below which an older command is still open, so its retry finds nothing.',
    seen: 'cumulative acknowledgements that are taken from the newest answer',
    patches: [
      client(
        'pending-window.ts',
        `while (ack + 1 < this.#nextSequence && this.#slots[(ack + 1) & mask] === undefined)\n            ack += 1;`,
        `ack = Math.max(ack, command.sequence);`,
      ),
    ],
    hunt: clientSessions,
  },
];
