/**
 * What a flush costs here, before anything else is measured: every durable write of every system pays it, and a
 * ratio means little to a reader who does not know it.
 */
import { closeSync, fdatasyncSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { Latencies } from 'quorate/perf';

export type FlushTimes = { readonly p50: number; readonly p99: number };

export type FlushReport = {
  /** 4 KiB written at the end of a growing file and flushed, in milliseconds. */
  readonly append: FlushTimes;
  /** The same over blocks that the file already has. */
  readonly overwrite: FlushTimes;
  /** True where flushing does nothing at all, so that no ratio of durable writes means anything. */
  readonly inMemory: boolean;
};

const BLOCK_BYTES = 4096;
const FLUSHES = 300;
const TMPFS_MAGIC = 0x01021994;

export function measureFlush(directory: string): FlushReport {
  const path = join(directory, 'flush-probe');
  const fd = openSync(path, 'w');
  const block = Buffer.alloc(BLOCK_BYTES, 'f');
  const pass = (): FlushTimes => {
    const latencies = new Latencies();
    for (let index = 0; index < FLUSHES; index++) {
      const startedAt = performance.now();
      writeSync(fd, block, 0, BLOCK_BYTES, index * BLOCK_BYTES);
      fdatasyncSync(fd);
      latencies.record(performance.now() - startedAt);
    }
    const { p50, p99 } = latencies.summary();
    return { p50, p99 };
  };
  try {
    return { append: pass(), overwrite: pass(), inMemory: statfsSync(directory).type === TMPFS_MAGIC };
  } finally {
    closeSync(fd);
    rmSync(path);
  }
}
