/**
 * One scope in a thread of its own. Its memory goes with it: what one scope took is not missing in the next.
 */
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import * as protocol from '@quorate/core/protocol';
import { modelCheck, type Report } from './model-check.ts';
import { progressOf } from './progress.ts';
import { PLANS } from './scopes.ts';

export type ScopeOrder = { readonly scope: string; readonly maxStates: number; readonly maxGib: number };

type Message =
  | { readonly kind: 'line'; readonly line: string }
  | { readonly kind: 'report'; readonly report: Report };

const MIB_PER_GIB = 1024;

/** @throws Error when the thread ends without a report: out of memory, for example */
export function searchInThread(order: ScopeOrder, write: (line: string) => void): Promise<Report> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), {
      workerData: order,
      resourceLimits: { maxOldGenerationSizeMb: order.maxGib * MIB_PER_GIB },
    });
    worker.on('message', (message: Message) => {
      if (message.kind === 'line') write(message.line);
      else resolve(message.report);
    });
    worker.on('error', reject);
    worker.on('exit', (status) =>
      reject(new Error(`${order.scope}: the search ended with status ${status}`)),
    );
  });
}

function search(order: ScopeOrder): void {
  const post = (message: Message): void => parentPort?.postMessage(message);
  const plan = PLANS.find(({ scope }) => scope.name === order.scope);
  if (plan === undefined) throw new RangeError(`there is no scope ${order.scope}`);
  const onProgress = progressOf(order.scope, order.maxGib, (line) => post({ kind: 'line', line }));
  const report = modelCheck(protocol, plan.scope, { maxStates: order.maxStates, onProgress });
  post({ kind: 'report', report });
}

if (!isMainThread) search(workerData as ScopeOrder);
