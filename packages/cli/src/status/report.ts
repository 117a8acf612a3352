/**
 * The state of a cluster as its nodes tell it, asked over HTTP from every address at once.
 *
 * Owns: what "leader" and "quorum" mean when the answers are put side by side. A leader is believed when a quorum of
 * nodes follows it: a node that was cut off may go on calling itself leader for a while. Leaves to others: the
 * request (`spawn/node-status.ts`), the exit code.
 */

import { renderTable, type TableStyle } from '../output/table.ts';
import { fetchStatus, type NodeStatus } from '../spawn/node-status.ts';

export type NodeReport = {
  /** Number of the node; position in the list when it does not answer. */
  readonly id: number;
  readonly addr: string;
  readonly role: 'leader' | 'follower' | 'candidate' | 'unreachable';
  /** These are null when the node does not answer. */
  readonly ballot: { readonly round: number; readonly node: number } | null;
  readonly learnedSlot: number | null;
  readonly appliedSlot: number | null;
  readonly pid: number | null;
  /** What its backend cannot do; null when it is well, too. */
  readonly trouble: string | null;
};

export type ClusterReport = {
  /** Number of the node that a quorum follows; null when there is none. */
  readonly leader: number | null;
  /** A quorum of the nodes answers. */
  readonly quorum: boolean;
  /** Ascending by id. */
  readonly nodes: readonly NodeReport[];
};

/** `addrs` in node order. Nodes that the others name and that are not in the list are asked as well. */
export async function reportOn(addrs: readonly string[], timeoutMs: number): Promise<ClusterReport> {
  const first = await askAll(addrs, timeoutMs);
  const known = first
    .map(({ status }) => status?.addrs ?? [])
    .reduce((longest, list) => (list.length > longest.length ? list : longest), []);
  // One endpoint is enough to see the whole cluster, in the order of its own list.
  const all = known.length === 0 ? addrs : known;
  const missing = all.filter((addr) => !addrs.includes(addr));
  const second = await askAll(missing, timeoutMs);
  const asked = new Map([...first, ...second].map(({ addr, status }) => [addr, status]));
  return summarize(all.map((addr) => ({ addr, status: asked.get(addr) ?? byOwnAddress(first, addr) })));
}

type Asked = { readonly addr: string; readonly status: NodeStatus | undefined };

/** Pure: answers in node order in, report out. */
export function summarize(answers: readonly Asked[]): ClusterReport {
  const needed = Math.floor(answers.length / 2) + 1;
  const statuses = answers.flatMap(({ status }) => status ?? []);
  const claims = statuses
    .filter(({ role }) => role === 'leader')
    .toSorted((left, right) => right.ballot.round - left.ballot.round);
  const leader = claims.find(
    ({ node }) => statuses.filter((status) => status.leader === node).length >= needed,
  );
  return {
    leader: leader?.node ?? null,
    quorum: statuses.length >= needed,
    nodes: answers.map(({ addr, status }, index) => nodeReport(index + 1, addr, status)),
  };
}

export function renderReport(report: ClusterReport, style: TableStyle): string {
  const rows = report.nodes.map(({ id, addr, role, ballot, learnedSlot, appliedSlot, pid }) => [
    String(id),
    addr,
    role,
    ballot === null ? '-' : `${ballot.round}.${ballot.node}`,
    ...[learnedSlot, appliedSlot, pid].map((value) => (value === null ? '-' : String(value))),
  ]);
  const table = renderTable(['node', 'addr', 'role', 'ballot', 'learned', 'applied', 'pid'], rows, style);
  const troubles = report.nodes.flatMap(({ id, trouble }) =>
    trouble === null ? [] : [`node ${id}: ${trouble}\n`],
  );
  return `${table}${troubles.join('')}${verdict(report)}\n`;
}

export function isHealthy(report: ClusterReport): boolean {
  return report.quorum && report.leader !== null;
}

function verdict({ leader, quorum, nodes }: ClusterReport): string {
  const answering = nodes.filter(({ role }) => role !== 'unreachable').length;
  if (!quorum) return `no quorum: ${answering} of ${nodes.length} nodes answer`;
  if (leader === null) return `no leader yet: ${answering} of ${nodes.length} nodes answer`;
  return `quorum: ${answering} of ${nodes.length} nodes answer, node ${leader} leads`;
}

function nodeReport(id: number, addr: string, status: NodeStatus | undefined): NodeReport {
  if (status === undefined)
    return {
      id,
      addr,
      role: 'unreachable',
      ballot: null,
      learnedSlot: null,
      appliedSlot: null,
      pid: null,
      trouble: null,
    };
  const { node, role, ballot, learnedSlot, appliedSlot, pid, trouble = null } = status;
  return { id: node, addr: status.addr, role, ballot, learnedSlot, appliedSlot, pid, trouble };
}

function askAll(addrs: readonly string[], timeoutMs: number): Promise<Asked[]> {
  return Promise.all(addrs.map(async (addr) => ({ addr, status: await fetchStatus(addr, timeoutMs) })));
}

/** An endpoint may have been written in another way than in the cluster's own list. */
function byOwnAddress(asked: readonly Asked[], addr: string): NodeStatus | undefined {
  return asked.find(({ status }) => status?.addr === addr)?.status;
}
