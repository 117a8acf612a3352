/**
 * Runs inside a mutant's directory: one scope of the model checker over the mutant's protocol. Prints one line of
 * JSON, a `StatesReport`. Arguments: name of the scope and bound of states.
 */
import * as protocol from '@quorate/core/protocol';
import { modelCheck } from '../../modelcheck/model-check.ts';
import { PLANS } from '../../modelcheck/scopes.ts';
import { cpuSeconds } from './cpu-seconds.ts';

export type StatesReport = {
  readonly states: number;
  readonly cpuSeconds: number;
  readonly failure?: { readonly rule: string; readonly sentence: string };
};

const [name = '', bound = '0'] = process.argv.slice(2);
const plan = PLANS.find(({ scope }) => scope.name === name);
if (plan === undefined) throw new RangeError(`there is no scope "${name}"`);
const { states, finding } = modelCheck(protocol, plan.scope, { maxStates: Number(bound) });
const report: StatesReport = {
  states,
  cpuSeconds: cpuSeconds(),
  ...(finding === undefined
    ? {}
    : { failure: { rule: finding.property, sentence: `${finding.detail} (${finding.steps} steps)` } }),
};
process.stdout.write(`${JSON.stringify(report)}\n`);
