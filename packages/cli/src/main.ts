/**
 * Entry of the `quorate` binary: parses the command line, runs the command, turns what went wrong into one line and
 * an exit code. Nothing below this file ends the process except a second Ctrl-C.
 */
import { readFileSync } from 'node:fs';
import { CommanderError } from 'commander';
import { CommandContext } from './context.ts';
import { EXIT, exitCodeOf } from './exit-codes.ts';
import { describeFailure } from './failure.ts';
import { giveHeapRoom } from './heap.ts';
import { buildProgram } from './program.ts';
import { StopRequest } from './server/stop-request.ts';

/** Something left open (a socket, a timer) may keep the process alive for this long after the command is done. */
const MAX_LINGER_MS = 2000;

process.exitCode = await main(process.argv);
setTimeout(() => process.exit(), MAX_LINGER_MS).unref();

async function main(argv: readonly string[]): Promise<number> {
  giveHeapRoom();
  surviveClosedPipes();
  failInOneLine();
  forgetEmptyVariables(process.env);
  const context = new CommandContext(process, process.env);
  try {
    await buildProgram(context, ownVersion()).parseAsync([...argv]);
    return context.exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return usageExitCode(error);
    process.stderr.write(describeFailure(error, process.env));
    return exitCodeOf(error);
  }
}

/** Commander has printed its message, or the help that was asked for. */
function usageExitCode(error: CommanderError): number {
  return error.exitCode === 0 ? EXIT.done : EXIT.usage;
}

/** `quorate get k | head -c 1`, or a terminal that was closed: the reader is gone, which is no error of ours. */
function surviveClosedPipes(): void {
  const onError = (error: NodeJS.ErrnoException): void => {
    if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error;
    if (!StopRequest.reportOutputGone()) process.exit();
  };
  process.stdout.on('error', onError);
  process.stderr.on('error', onError);
}

/** An empty variable counts as unset; the option parser and child processes would take it for a value. */
function forgetEmptyVariables(env: NodeJS.ProcessEnv): void {
  for (const name of Object.keys(env)) {
    if (name.startsWith('QUORATE_') && name !== 'QUORATE_HISTORY' && env[name] === '') delete env[name];
  }
}

/** A bug that nobody caught is still one line for the person in front of it. */
function failInOneLine(): void {
  const fail = (error: unknown): void => {
    process.stderr.write(describeFailure(error, process.env));
    process.exit(EXIT.failed);
  };
  process.on('uncaughtException', fail);
  process.on('unhandledRejection', fail);
}

function ownVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  const version =
    typeof manifest === 'object' && manifest !== null && 'version' in manifest ? manifest.version : undefined;
  return typeof version === 'string' ? version : 'unknown';
}
