/**
 * A load process: one client group of a round, with links of its own to every node. Started by `load-process.ts` with
 * the path of a plan; says how it goes in JSON lines on standard output; ends by itself.
 */
import { readFileSync } from 'node:fs';
import { Lanes } from './lanes.ts';
import type { LoadNotice, LoadPlan } from './plan.ts';
import { Recorder } from './recorder.ts';
import { TwiceSender } from './twice.ts';

const PROGRESS_MS = 500;

const plan = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as LoadPlan;
const recorder = new Recorder(plan.historyPath);
const twice = new TwiceSender(plan, recorder);
const ticker = setInterval(() => say({ kind: 'progress', ...recorder.counts }), PROGRESS_MS);
// The client number just below those of the lanes.
await Promise.all([new Lanes(plan, recorder).run(), twice.run(plan.firstClient - 1)]);
clearInterval(ticker);
recorder.close();
say({ kind: 'progress', ...recorder.counts });
say({ kind: 'end', answeredTwice: twice.answeredTwice, findings: recorder.findings });

function say(notice: LoadNotice): void {
  process.stdout.write(`${JSON.stringify(notice)}\n`);
}
