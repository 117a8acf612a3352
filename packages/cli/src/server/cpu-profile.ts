/**
 * The CPU profile of a node from its start to its stop, for `profile: true`. The file opens in Chrome's developer
 * tools and in editors. Sampling costs a few percent.
 */
import { writeFileSync } from 'node:fs';
import { Session } from 'node:inspector/promises';
import { join } from 'node:path';

export type CpuProfile = {
  /** Writes the file and gives its path. */
  finish(): Promise<string>;
};

export async function startCpuProfile(directory: string): Promise<CpuProfile> {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.start');
  return {
    async finish() {
      const { profile } = await session.post('Profiler.stop');
      session.disconnect();
      const path = join(
        directory,
        `cpu-${new Date().toISOString().replaceAll(/[:.]/g, '-')}-${process.pid}.cpuprofile`,
      );
      writeFileSync(path, JSON.stringify(profile));
      return path;
    },
  };
}
