/** Purpose: every error of the table has an exit code that the help names, and says what became of the command. */
import assert from 'node:assert/strict';
import { RefusedError } from '@quorate/client';
import { ERRORS, type ErrorCode, QuorateError } from '@quorate/wire';
import { CommandFailure, EXIT, exitCodeOf } from '#src/exit-codes.ts';
import { describeFailure, failureText } from '#src/failure.ts';

describe('exit codes', () => {
  it('are those of the help for every code', () => {
    const special: Partial<Record<ErrorCode, number>> = {
      ARGUMENT: 2,
      PARSE: 2,
      CANNOT_CONNECT: 3,
      DISCONNECTED: 3,
      NO_LEADER: 5,
      TIMEOUT: 124,
      ABORTED: 130,
    };
    for (const code of Object.keys(ERRORS) as ErrorCode[]) {
      assert.equal(exitCodeOf(new QuorateError(code, 'x')), special[code] ?? 1, code);
    }
  });

  it('call a refusal by the backend a failure, not wrong use', () => {
    assert.equal(exitCodeOf(new RefusedError('WRONGTYPE', 'no', 3)), EXIT.failed);
  });

  it('are the given one for a failure of a command, and 1 for anything unknown', () => {
    assert.equal(exitCodeOf(new CommandFailure(4, '')), 4);
    assert.equal(exitCodeOf(new TypeError('bug')), 1);
    assert.equal(exitCodeOf('text'), 1);
  });
});

describe('the words of a failure', () => {
  const rows: readonly (readonly [unknown, string])[] = [
    [
      new QuorateError('LEADERSHIP_LOST', 'late'),
      'LEADERSHIP_LOST: late (outcome unknown: it may have been executed)',
    ],
    [
      new QuorateError('TIMEOUT', 'late; it was not executed', { outcome: 'none' }),
      'TIMEOUT: late; it was not executed',
    ],
    [new QuorateError('OVERLOADED', 'full'), 'OVERLOADED: full (not executed)'],
    [new QuorateError('PARSE', 'what?'), 'PARSE: what?'],
    [
      new QuorateError('BACKEND_DIVERGED', 'the store was fenced'),
      'BACKEND_DIVERGED: the store was fenced (outcome unknown: it may have been executed)',
    ],
    [
      new QuorateError('NO_LEADER', 'nobody leads; it was not executed'),
      'NO_LEADER: nobody leads; it was not executed',
    ],
    [
      // What the last node says of its own attempt is not what is known of all.
      new QuorateError('BACKEND_UNAVAILABLE', 'away; it was not executed', { outcome: 'unknown' }),
      'BACKEND_UNAVAILABLE: away; it was not executed (outcome unknown: it may have been executed)',
    ],
    [
      new QuorateError('LEADERSHIP_LOST', 'lost; whether it took effect is not known'),
      'LEADERSHIP_LOST: lost; whether it took effect is not known',
    ],
    [
      new QuorateError('TOO_LARGE', 'too long', { outcome: 'unknown' }),
      'TOO_LARGE: too long (outcome unknown: it may have been executed)',
    ],
    [new RefusedError('WRONGTYPE', 'not a list', 3), 'REFUSED: WRONGTYPE: not a list'],
    [new TypeError('x is not a function'), 'INTERNAL: x is not a function (QUORATE_DEBUG=1 shows where)'],
  ];
  for (const [error, text] of rows) it(text, () => assert.equal(failureText(error), text));

  it('hold a stack trace only on demand', () => {
    assert.equal(describeFailure(new QuorateError('PARSE', 'what?'), {}), 'quorate: PARSE: what?\n');
    assert.match(
      describeFailure(new TypeError('bug'), { QUORATE_DEBUG: '1' }),
      /^quorate: INTERNAL: bug .*\nTypeError: bug\n {4}at /,
    );
    assert.equal(describeFailure(new CommandFailure(5, ''), {}), '');
  });
});
