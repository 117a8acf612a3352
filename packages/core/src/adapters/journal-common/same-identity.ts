/** A journal belongs to one node of one cluster: what to say when another one comes. */
import { QuorateError } from '@quorate/wire';
import type { JournalIdentity } from '../../ports/journal.ts';

/** @throws JOURNAL_FOREIGN naming what differs. */
export function requireSame(stored: JournalIdentity, expected: JournalIdentity, directory: string): void {
  const fields = [
    ['cluster', stored.clusterId, expected.clusterId],
    ['node', stored.node, expected.node],
    ['group', stored.group, expected.group],
    ['members', stored.genesisDigest, expected.genesisDigest],
  ] as const;
  const differing = fields.filter(([, here, wanted]) => here !== wanted);
  if (differing.length === 0) return;
  const here = differing.map(([name, value]) => `${name} ${value}`).join(', ');
  const wanted = differing.map(([name, , value]) => `${name} ${value}`).join(', ');
  throw new QuorateError(
    'JOURNAL_FOREIGN',
    `the journal in ${directory} belongs to ${here}, but this node is ${wanted}: check the data directory and the addresses`,
    {
      details: { directory, cluster: stored.clusterId, node: stored.node, group: stored.group },
    },
  );
}
