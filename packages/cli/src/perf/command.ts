/**
 * The grammar of `quorate perf`: its options and its help. What it does is loaded when it runs (`run.ts`).
 *
 * Owns: names, defaults and help of the options. Leaves to `plan.ts`: whether their values make sense.
 */
import type { Command } from 'commander';
import type { CommandContext } from '../context.ts';
import type { PerfFlags } from './plan.ts';

/** One line per paragraph: commander folds them to the width of the terminal. */
const DESCRIPTION = [
  'Measures how fast the cluster answers: throughput, and latency up to the worst case.',
  '',
  'The load is a closed loop: every client asks again when it has been answered, so the latencies are those at this ' +
    'number of operations in flight. Reads are linearizable. With faults, every acknowledged write is read back at the ' +
    'end, and one that is not there makes the run fail (exit code 1).',
].join('\n');

const EXAMPLES = `
Examples:
  quorate perf --spawn 3 --clients 256 --connections 8 --duration 5s
  quorate perf --spawn 5 --requests 3600 --value-size 52 --kill 2@25 --kill 3@75
  quorate perf --spawn 3 --failover 10 --svg failover.svg
  quorate perf --endpoints 127.0.0.1:6660 --mix set=10,get=90 -w json`;

export function registerPerf(program: Command, context: CommandContext): void {
  program
    .command('perf')
    .summary('measure throughput and latency, with faults if wanted')
    .description(DESCRIPTION)
    .option('--spawn <nodes>', 'measure a throw-away cluster of so many processes (default: the --endpoints)')
    .option('--clients <count>', 'operations in flight (default: 1)')
    .option('--connections <count>', 'connections that they share (default: 1)')
    .option('--requests <count>', 'end after so many operations')
    .option('--duration <duration>', 'end after this time, such as 30s (default: 10s)')
    .option('--warmup <duration>', 'first run for this time without measuring (default: none)')
    .option('--value-size <bytes>', 'size of a value (default: 100)')
    .option('--keys <count>', 'keys that are written to in turn (default: 10000; with --verify 1000000)')
    .option('--mix <shares>', 'operations by weight, such as set=50,get=50 (default: set=100)')
    .option(
      '--kill <node@percent>',
      'kill -9 a spawned node (number, leader, follower) when this share is done; repeatable',
      collect,
    )
    .option(
      '--failover <times>',
      'kill -9 the leader so often, and print how long each time no write was answered',
    )
    .option('--verify', 'read back what was acknowledged (default with --kill and --failover)')
    .option('--no-verify', 'do not')
    .option('--svg <file>', 'write the latency curves as a picture')
    .addHelpText('after', EXAMPLES)
    .action(async (_: unknown, command: Command) => {
      const { runPerf } = await import('./run.ts');
      await runPerf(context, command.opts<PerfFlags>());
    });
}

function collect(value: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, value];
}
