/**
 * Starts one tool as a child process in a mutant's directory and waits for its end, at most for a while: a planted bug
 * may well make a loop endless.
 */
import { type ChildProcess, spawn } from 'node:child_process';

export type ChildEnd = {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly seconds: number;
  readonly timedOut: boolean;
};

/** What is kept of each stream: a mutant may also print without end. */
const MAX_OUTPUT_CHARACTERS = 1024 * 1024;

/** None outlives the bank. */
const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export function runNode(
  directory: string,
  args: readonly string[],
  limitSeconds: number,
  env: Readonly<Record<string, string>> = {},
): Promise<ChildEnd> {
  const startedMs = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...args], {
      cwd: directory,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    });
    running.add(child);
    const stdout = gather(child.stdout);
    const stderr = gather(child.stderr);
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      child.kill('SIGKILL');
    }, limitSeconds * 1000);
    child.on('error', reject);
    child.on('close', (status) => {
      clearTimeout(timer);
      running.delete(child);
      resolve({
        status,
        stdout: stdout(),
        stderr: stderr(),
        seconds: (performance.now() - startedMs) / 1000,
        timedOut,
      });
    });
  });
}

function gather(stream: NodeJS.ReadableStream): () => string {
  let text = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    if (text.length < MAX_OUTPUT_CHARACTERS) text += chunk;
  });
  return () => text;
}
