/**
 * Asks a node for its status over HTTP (`GET /v1/status`) and checks the shape of what it says.
 *
 * A node that is down, paused or still starting has no status: the answer is then `undefined`, for that is weather
 * to whoever watches a cluster. Leaves to others: what a set of statuses means (`ProcessCluster`).
 */
import { get } from 'node:http';

export type NodeStatus = {
  readonly node: number;
  readonly addr: string;
  readonly pid: number;
  readonly role: 'leader' | 'follower' | 'candidate';
  readonly ballot: { readonly round: number; readonly node: number };
  /** Undefined when the node knows no leader. */
  readonly leader: number | undefined;
  readonly learnedSlot: number;
  readonly appliedSlot: number;
  readonly quorumConnected: boolean;
  /** Name of its backend; undefined when it does not say. */
  readonly backend: string | undefined;
  /** What its backend cannot do, and the way out; undefined when it is well. */
  readonly trouble: string | undefined;
  /** Addresses of all nodes in node order, as this one knows them; empty when it does not say. */
  readonly addrs: readonly string[];
};

const STATUS_TIMEOUT_MS = 1000;
const MAX_STATUS_BYTES = 1 << 20;

export function fetchStatus(
  addr: string,
  timeoutMs: number = STATUS_TIMEOUT_MS,
): Promise<NodeStatus | undefined> {
  return new Promise((resolve) => {
    const request = get(`http://${addr}/v1/status`, { agent: false, timeout: timeoutMs }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
        if (text.length > MAX_STATUS_BYTES) request.destroy();
      });
      response.on('end', () => resolve(response.statusCode === 200 ? parseStatus(text) : undefined));
      response.on('close', () => resolve(undefined));
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(undefined));
  });
}

/** Undefined for anything that is not a status. */
export function parseStatus(text: string): NodeStatus | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined; // Not JSON: whatever listens there is not a node.
  }
  if (!isRecord(value) || !isRecord(value['ballot'])) return undefined;
  const { role, leader } = value;
  if (role !== 'leader' && role !== 'follower' && role !== 'candidate') return undefined;
  return {
    node: number(value['node']),
    addr: String(value['addr']),
    pid: number(value['pid']),
    role,
    ballot: { round: number(value['ballot']['round']), node: number(value['ballot']['node']) },
    leader: typeof leader === 'number' && leader > 0 ? leader : undefined,
    learnedSlot: number(value['learnedSlot']),
    appliedSlot: number(value['appliedSlot']),
    quorumConnected: value['quorumConnected'] === true,
    backend: isRecord(value['backend']) ? String(value['backend']['name']) : undefined,
    trouble: isRecord(value['backend']) ? troubleOf(value['backend']) : undefined,
    addrs: addrsOf(number(value['node']), String(value['addr']), value['peers']),
  };
}

/** What applying met says more than what the store says of itself. */
function troubleOf({ state, detail, health }: Record<string, unknown>): string | undefined {
  if (state === 'retrying' || state === 'fenced') return `${state}: ${String(detail)}`;
  if (isRecord(health) && health['ok'] === false) return `its store: ${String(health['detail'])}`;
  return undefined;
}

function addrsOf(node: number, addr: string, peers: unknown): string[] {
  const others = Array.isArray(peers) ? peers.filter(isRecord) : [];
  const all = [
    { id: node, addr },
    ...others.map((peer) => ({ id: number(peer['id']), addr: String(peer['addr']) })),
  ];
  return others.length === 0
    ? []
    : all.toSorted((left, right) => left.id - right.id).map((member) => member.addr);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function number(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}
