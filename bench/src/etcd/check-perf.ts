/**
 * etcd's own load tool, `etcdctl check perf`. It offers a fixed rate (15,000 writes a second at its largest) for a
 * minute and says how much of it was done, so it shows whether our load is fair to etcd, not etcd's highest number.
 */
import { execFile } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { startEtcd } from './system.ts';

const CHECK_TIMEOUT_MS = 120_000;

/** Its verdict in its own words, one line each; a line that says why where it could not be run. */
export async function etcdCheckPerf(directory: string): Promise<readonly string[]> {
  const own = join(directory, 'check-perf');
  mkdirSync(own);
  const running = await startEtcd(own);
  try {
    const endpoints = running.clientPorts.map((port) => `127.0.0.1:${port}`).join(',');
    return await checkPerf(endpoints);
  } finally {
    await running.stop();
  }
}

/** A missed goal makes the tool exit with 1 after it has printed its verdict, which is an answer all the same. */
function checkPerf(endpoints: string): Promise<readonly string[]> {
  return new Promise((resolve) => {
    const env = { ...process.env, ETCDCTL_API: '3' };
    const args = ['--endpoints', endpoints, 'check', 'perf', '--load', 'xl'];
    execFile('etcdctl', args, { env, timeout: CHECK_TIMEOUT_MS }, (error, stdout, stderr) => {
      const verdict = `${stdout}\n${stderr}`.match(/^(?:PASS|FAIL).*$|(?:PASS|FAIL): .*$/gm) ?? [];
      resolve(
        verdict.length > 0
          ? verdict
          : [`etcdctl check perf gave no verdict: ${error?.message ?? 'no output'}`],
      );
    });
  });
}
