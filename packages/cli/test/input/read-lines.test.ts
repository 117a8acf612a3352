/** Purpose: lines of a stream come out the same however the stream is cut into chunks, one at a time, with a bound. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { MAX_INPUT_BYTES, readAll } from '#src/input/read-all.ts';
import { readLines } from '#src/input/read-lines.ts';

const seed = Date.now() % 2 ** 31;

async function* chunksOf(
  bytes: Uint8Array,
  cuts: readonly number[],
): AsyncGenerator<Uint8Array, void, undefined> {
  let from = 0;
  for (const cut of [
    ...cuts.map((share) => Math.floor(share * bytes.length)).toSorted((a, b) => a - b),
    bytes.length,
  ]) {
    if (cut > from) yield bytes.subarray(from, cut);
    from = Math.max(from, cut);
  }
}

async function linesOf(bytes: Uint8Array, cuts: readonly number[] = []): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of readLines(chunksOf(bytes, cuts))) lines.push(line);
  return lines;
}

describe(`reading lines (seed ${seed})`, () => {
  it('gives the same lines for every way to cut the input', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ unit: 'grapheme' }).map((line) => line.replaceAll(/[\r\n]/g, '_'))),
        fc.constantFrom('\n', '\r\n'),
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 20 }),
        async (lines, end, cuts) => {
          const bytes = Buffer.from(lines.map((line) => `${line}${end}`).join(''));
          assert.deepEqual(
            await linesOf(bytes, cuts),
            lines.map((line) => Buffer.from(line).toString()),
          );
        },
      ),
      { seed, numRuns: 200 },
    ));

  it('takes a last line without an end, and no line after the last end', async () => {
    assert.deepEqual(await linesOf(Buffer.from('a\n\nb')), ['a', '', 'b']);
    assert.deepEqual(await linesOf(Buffer.from('a\n')), ['a']);
    assert.deepEqual(await linesOf(Buffer.from('')), []);
  });

  it('reads nothing further once the reader stops', async () => {
    let given = 0;
    const endless = async function* (): AsyncGenerator<Uint8Array, void, undefined> {
      for (;;) {
        given += 1;
        yield Buffer.from('line\n');
      }
    };
    for await (const line of readLines(endless())) {
      assert.equal(line, 'line');
      break;
    }
    assert.equal(given, 1);
  });

  it('refuses a line over the bound, and a value over it', async () => {
    const large = Buffer.alloc(MAX_INPUT_BYTES + 1, 'x');
    await assert.rejects(linesOf(large, [0.5]), { code: 'TOO_LARGE' });
    await assert.rejects(readAll(chunksOf(large, [0.5])), { code: 'TOO_LARGE' });
    assert.equal((await readAll(chunksOf(large.subarray(1), [0.5]))).length, MAX_INPUT_BYTES);
  });
});
