/**
 * How long this disk takes for one flush: decides whether the journal may live on the event loop's thread.
 */
import { closeSync, fdatasyncSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { ensureDirectory, removeFile } from '../journal-common/files.ts';

const PROBES = 9;
const PROBE_BYTES = 8192;

/** Median of a few flushes of a file that keeps its size, in milliseconds. Leaves nothing behind. */
export function probeFlushMs(directory: string): number {
  ensureDirectory(directory);
  const path = join(directory, `probe-${process.pid}`);
  const descriptor = openSync(path, 'w', 0o600);
  try {
    const bytes = new Uint8Array(PROBE_BYTES);
    writeSync(descriptor, bytes, 0, PROBE_BYTES, 0);
    fsyncSync(descriptor);
    const durationsMs = Array.from({ length: PROBES }, (_, index) => {
      bytes.fill(index + 1);
      const startMs = performance.now();
      writeSync(descriptor, bytes, 0, PROBE_BYTES, 0);
      fdatasyncSync(descriptor);
      return performance.now() - startMs;
    });
    return durationsMs.toSorted((left, right) => left - right)[PROBES >> 1] ?? Number.POSITIVE_INFINITY;
  } finally {
    closeSync(descriptor);
    removeFile(path);
  }
}
