/**
 * Purpose: lines from a pipe run in order, print values as they are, and end at the first failure with the exit code
 * of its class. The backend is a map in memory.
 */
import assert from 'node:assert/strict';
import { PassThrough, Readable } from 'node:stream';
import { QuorateError } from '@quorate/wire';
import { CommandContext, type OutputFormat, type Streams } from '#src/context.ts';
import { CommandFailure } from '#src/exit-codes.ts';
import type { Answer } from '#src/repl/evaluator.ts';
import { PLAIN_FACE } from '#src/repl/faces/index.ts';
import { runPipedRepl } from '#src/repl/piped.ts';

type Heard = {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly lines: readonly string[];
};

async function run(
  input: string,
  format: OutputFormat = 'simple',
  signal = new AbortController().signal,
): Promise<Heard> {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const streams = { stdin: Readable.from([Buffer.from(input)]), stdout, stderr } as unknown as Streams;
  const context = new CommandContext(streams, {});
  context.adopt({ writeOut: format });
  const lines: string[] = [];
  const evaluate = (line: string): Promise<Answer> => {
    lines.push(line);
    return Promise.resolve(answerTo(line));
  };
  const finish = (): Promise<Answer> => Promise.resolve({ kind: 'nothing' });
  const code = await runPipedRepl(context, { evaluate, finish, face: PLAIN_FACE }, signal);
  return { code, stdout: textOf(stdout), stderr: textOf(stderr), lines };
}

function answerTo(line: string): Answer {
  if (line === 'leave') return { kind: 'leave' };
  if (line === 'help') return { kind: 'text', text: 'the help\n' };
  if (line === '') return { kind: 'nothing' };
  if (line === 'parse') throw new QuorateError('PARSE', 'what?');
  if (line === 'late') throw new QuorateError('TIMEOUT', 'no answer within 5000 ms');
  if (line === 'refused') {
    return {
      kind: 'result',
      result: { ok: false, value: null, slot: 3, code: 'FULL', message: 'no room', text: () => null },
    };
  }
  const value = line === 'nil' ? null : Buffer.from(line);
  return { kind: 'result', result: { ok: true, value, slot: 3, text: () => value?.toString() ?? null } };
}

function textOf(stream: PassThrough): string {
  return ((stream.read() as Buffer | null) ?? '').toString();
}

describe('the REPL of a pipe', () => {
  it('prints each value on its line, as it is', async () => {
    const heard = await run('one\n\nnil\n\u001b[1m\nhelp\n');
    assert.deepEqual(heard, {
      code: 0,
      stdout: 'one\n(nil)\n\u001b[1m\nthe help\n',
      stderr: '',
      lines: ['one', '', 'nil', '\u001b[1m', 'help'],
    });
  });

  it('leaves at exit without reading on', async () => {
    assert.deepEqual((await run('one\nleave\ntwo\n')).lines, ['one', 'leave']);
  });

  const failures: readonly (readonly [line: string, code: number, stderr: string])[] = [
    ['parse', 2, 'quorate: line 2: PARSE: what?\n'],
    ['late', 124, 'quorate: line 2: TIMEOUT: no answer within 5000 ms\n'],
    ['refused', 1, 'quorate: line 2: REFUSED: FULL: no room\n'],
  ];
  for (const [line, code, stderr] of failures) {
    it(`stops at the first failure: ${line}`, async () => {
      assert.deepEqual(await run(`one\n${line}\nnever\n`), {
        code,
        stdout: 'one\n',
        stderr,
        lines: ['one', line],
      });
    });
  }

  it('prints objects on demand', async () => {
    const heard = await run('one\nnil\nrefused\n', 'json');
    assert.equal(
      heard.stdout,
      '{"ok":true,"value":"one","slot":3}\n{"ok":true,"value":null,"slot":3}\n{"ok":false,"code":"FULL","message":"no room","slot":3}\n',
    );
    assert.equal(heard.code, 1);
  });

  it('ends between two lines when it is told to', async () => {
    const heard = await run('one\n', 'simple', AbortSignal.abort(new CommandFailure(130, '')));
    assert.deepEqual(heard, { code: 130, stdout: '', stderr: '', lines: [] });
  });
});
