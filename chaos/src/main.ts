/**
 * `npm run chaos`: real nodes under real faults. Progress on standard error; on standard output a report of every round
 * and, as the last line, the verdict.
 *
 * Exit status 0: linearizable; 1: something happened that must never happen, and the directory with logs, data and
 * history is named; 2: wrong use; 3: void, because too little was hurt or asked.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runTool } from '@quorate/sim/command-line';
import { type ChaosOptions, readOptions, TOOL } from './options.ts';
import { runChaos, type Verdict } from './run.ts';

const EXIT = { yes: 0, no: 1, void: 3 } as const;

process.exit(await runTool(TOOL, readOptions, run));

function closingLine(verdict: Verdict): string {
  switch (verdict.kind) {
    case 'yes':
      return `linearizable: yes (${verdict.operations} operations, ${verdict.faults} faults)`;
    case 'no':
      return `linearizable: no (${verdict.operations} operations, ${verdict.faults} faults): ${verdict.why}`;
    case 'void':
      return `linearizable: void, ${verdict.why}`;
    default:
      return verdict satisfies never;
  }
}

async function run(given: ChaosOptions): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), 'quorate-chaos-'));
  process.stderr.write(`chaos: seed ${given.seed}, ${given.seconds} s, in ${directory}\n`);
  // Ctrl-C: the exit hooks of nodes, load processes and mounts do the rest.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(EXIT.void));

  const verdict = await runChaos(given, directory, {
    progress: (line) => process.stderr.write(`${line}\n`),
    report: (text) => process.stdout.write(text),
  });
  if (verdict.kind !== 'no' && !given.keep) rmSync(directory, { recursive: true, force: true });
  else process.stderr.write(`chaos: everything is in ${directory}\n`);
  process.stdout.write(`${closingLine(verdict)}\n`);
  return EXIT[verdict.kind];
}
