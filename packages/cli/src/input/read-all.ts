/** Everything that a stream gives, up to a bound: a value from standard input. */
import { QuorateError } from '@quorate/wire';

/** No node takes a larger command. */
export const MAX_INPUT_BYTES: number = 4 * 1024 * 1024;

/** @throws TOO_LARGE */
export async function readAll(stream: AsyncIterable<Uint8Array | string>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of stream) {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    length += bytes.length;
    if (length > MAX_INPUT_BYTES)
      throw new QuorateError('TOO_LARGE', `standard input has more than ${MAX_INPUT_BYTES} bytes`);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}
