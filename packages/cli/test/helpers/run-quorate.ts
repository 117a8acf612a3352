/**
 * Runs the built `quorate` as a process of its own, with a clean environment and a bound, and gives what it said.
 * A process that misses the bound is killed and fails the test with what it had said until then.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** test/helpers and dist-test/helpers are both two levels below the package. */
export const QUORATE = fileURLToPath(new URL('../../bin/quorate.mjs', import.meta.url));

const RUN_TIMEOUT_MS = 30_000;

export type Run = {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly bytes: Buffer;
};

export type RunOptions = {
  readonly cwd?: string;
  /** Standard input; it is at its end from the start when not given. */
  readonly input?: string | Uint8Array;
  readonly env?: Readonly<Record<string, string>>;
};

export async function quorate(args: readonly string[], options: RunOptions = {}): Promise<Run> {
  const child = spawnQuorate(args, options);
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk));
  // A command that fails early does not read its input to the end.
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(options.input ?? '');
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    child.kill('SIGKILL');
  }, RUN_TIMEOUT_MS);
  const [code] = (await once(child, 'close')) as [number | null];
  clearTimeout(timer);
  const bytes = Buffer.concat(stdout);
  const run = { code, bytes, stdout: bytes.toString(), stderr: Buffer.concat(stderr).toString() };
  if (isLate)
    throw new Error(
      `quorate ${args.join(' ')} did not end within ${RUN_TIMEOUT_MS} ms: ${JSON.stringify(run)}`,
    );
  return run;
}

/** The caller answers for its end. */
export function spawnQuorate(args: readonly string[], { cwd, env }: RunOptions = {}): ChildProcess {
  return spawn(process.execPath, [QUORATE, ...args], {
    ...(cwd === undefined ? {} : { cwd }),
    env: cleanEnvironment(env),
    stdio: 'pipe',
  });
}

/** Without settings of the person who runs the tests, and without a history in their home. */
export function cleanEnvironment(extra: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !name.startsWith('QUORATE_') && name !== 'FORCE_COLOR',
  );
  return { ...Object.fromEntries(inherited), QUORATE_HISTORY: '', ...extra };
}
