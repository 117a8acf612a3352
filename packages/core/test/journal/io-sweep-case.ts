/** One case of the sweep of journal errors, and its name, which is what a replay line carries. */
import type { JournalFault, JournalOperation, Leaves } from './io-sweep-fault.ts';

export type IoCase = { readonly node: number; readonly fault: JournalFault };

export function nameOfIo({ node, fault }: IoCase): string {
  return `node${node}-${fault.operation}${fault.number}${fault.operation === 'write' ? `-leaves-${fault.leaves}` : ''}`;
}

/** Undefined when this is no name of a case. */
export function parseIo(name: string): IoCase | undefined {
  const match = /^node([1-3])-(?:(read)|(write))([1-9]\d*)(?:-leaves-(nothing|half|all))?$/.exec(name);
  if (match === null || (match[3] === 'write') !== (match[5] !== undefined)) return undefined;
  const operation: JournalOperation = match[2] === 'read' ? 'read' : 'write';
  return {
    node: Number(match[1]),
    fault: { operation, number: Number(match[4]), leaves: (match[5] ?? 'nothing') as Leaves },
  };
}
