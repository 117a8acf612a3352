/**
 * What the proof programs print. When nobody reads any more (`npm run sim | head`), a program ends at once and without
 * a word, and its status is not 0: what did not run proved nothing.
 */

/** What a shell says of a program that a closed pipe ended: 128 and the number of SIGPIPE. */
export const EXIT_READER_GONE = 141;

/** A closed pipe, and a terminal that was closed. */
const GONE: readonly unknown[] = ['EPIPE', 'EIO'];

/** A line for the reader of results. */
export function print(line: string): void {
  writeTo(process.stdout, `${line}\n`);
}

/** A line about progress or wrong use. */
export function tell(line: string): void {
  writeTo(process.stderr, `${line}\n`);
}

/** Text as it is, on standard output. */
export function write(text: string): void {
  writeTo(process.stdout, text);
}

function writeTo(stream: NodeJS.WriteStream, text: string): void {
  // Where a write fails later, the event tells; a program that computes without a pause would never come to it.
  if (!stream.listeners('error').includes(onError)) stream.on('error', onError);
  stream.write(text);
  if (stream.errored !== null) onError(stream.errored);
}

function onError(error: Error): void {
  if (!GONE.includes((error as NodeJS.ErrnoException).code)) throw error;
  process.exit(EXIT_READER_GONE);
}
