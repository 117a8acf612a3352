/**
 * Lines of a stream, one at a time: the next one is taken only when the last one has been dealt with, so that
 * commands of a pipe run in order and a failure leaves the rest unread. A line ends at LF or CR LF; the last one may
 * lack its end. Invalid UTF-8 becomes U+FFFD.
 */
import { QuorateError } from '@quorate/wire';
import { MAX_INPUT_BYTES } from './read-all.ts';

const LF = 10;
const CR = 13;

/** @throws TOO_LARGE for a line over `MAX_INPUT_BYTES` */
export async function* readLines(
  stream: AsyncIterable<Uint8Array | string>,
): AsyncGenerator<string, void, undefined> {
  let parts: Uint8Array[] = [];
  let length = 0;
  const take = (part: Uint8Array): void => {
    length += part.length;
    if (length > MAX_INPUT_BYTES)
      throw new QuorateError('TOO_LARGE', `a line has more than ${MAX_INPUT_BYTES} bytes`);
    parts.push(part);
  };
  const line = (): string => {
    const bytes = Buffer.concat(parts);
    parts = [];
    length = 0;
    return bytes.toString('utf8', 0, bytes.at(-1) === CR ? bytes.length - 1 : bytes.length);
  };
  for await (const chunk of stream) {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    let start = 0;
    for (let end = bytes.indexOf(LF); end !== -1; end = bytes.indexOf(LF, start)) {
      take(bytes.subarray(start, end));
      yield line();
      start = end + 1;
    }
    if (start < bytes.length) take(bytes.subarray(start));
  }
  if (length > 0) yield line();
}
