/** The backend inside the simulator, as a whole cluster of its own. */
import type { RuleReport, StartedSubject } from '@quorate/core/testing';

const RULE = 'SIMULATED-CLUSTER';
const CLAIM =
  'replicas in a simulated cluster with crashes and partitions agree, and no answer is lost or given twice';

export async function simulatedCluster(_subject: StartedSubject, _seed: number): Promise<RuleReport> {
  return { rule: RULE, claim: CLAIM, broken: undefined, notChecked: 'the simulator cannot run it yet' };
}
