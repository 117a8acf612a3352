/**
 * A file that grows by whole batches, each made durable by one write and one flush. Three ways to do it, so that
 * the baseline can be given the fastest: `sync` blocks the event loop, `pool` hands the write and then the flush to
 * libuv's thread pool, `dsync` hands over a single write on a file opened with O_DSYNC, which Linux treats as a
 * write followed by fdatasync.
 */
import { closeSync, constants, fdatasync, fdatasyncSync, openSync, writev, writevSync } from 'node:fs';

export const FLUSH_MODES = ['sync', 'pool', 'dsync'] as const;
export type FlushMode = (typeof FLUSH_MODES)[number];

export type AppendFile = {
  /** One at a time. `onDurable` may run before this returns. */
  append(chunks: readonly Uint8Array[], onDurable: () => void): void;
  close(): void;
};

export function openAppendFile(path: string, mode: FlushMode): AppendFile {
  const { O_APPEND, O_CREAT, O_WRONLY, O_DSYNC } = constants;
  const fd = openSync(path, O_APPEND | O_CREAT | O_WRONLY | (mode === 'dsync' ? O_DSYNC : 0), 0o600);
  return { append: (chunks, onDurable) => APPEND[mode](fd, chunks, onDurable), close: () => closeSync(fd) };
}

type Append = (fd: number, chunks: readonly Uint8Array[], onDurable: () => void) => void;

const APPEND: Readonly<Record<FlushMode, Append>> = {
  sync(fd, chunks, onDurable) {
    requireWhole(writevSync(fd, chunks), chunks);
    fdatasyncSync(fd);
    onDurable();
  },
  pool(fd, chunks, onDurable) {
    writev(fd, chunks, (error, written) => {
      if (error !== null) throw error;
      requireWhole(written, chunks);
      fdatasync(fd, (flushError) => {
        if (flushError) throw flushError;
        onDurable();
      });
    });
  },
  dsync(fd, chunks, onDurable) {
    writev(fd, chunks, (error, written) => {
      if (error !== null) throw error;
      requireWhole(written, chunks);
      onDurable();
    });
  },
};

/** A short write would leave a hole in what was promised; on a healthy disk it does not happen, so it ends the run. */
function requireWhole(written: number, chunks: readonly Uint8Array[]): void {
  const expected = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  if (written !== expected) throw new Error(`wrote ${written} of ${expected} bytes`);
}
