/** What a node says about itself over HTTP, as far as the rig needs it. Asked directly, past all faults of the network. */

export type NodeStatus = {
  readonly role: string;
  /** 0 when it knows none. */
  readonly leader: number;
  readonly learnedSlot: number;
  readonly appliedSlot: number;
  /** Fingerprint of the applied history. */
  readonly digest: string;
  readonly uptimeMs: number;
};

const STATUS_TIMEOUT_MS = 500;

/** Undefined for a node that does not answer. */
export async function fetchStatus(addr: string): Promise<NodeStatus | undefined> {
  try {
    const response = await fetch(`http://${addr}/v1/status`, {
      signal: AbortSignal.timeout(STATUS_TIMEOUT_MS),
    });
    const body: unknown = await response.json();
    return response.ok && isStatus(body) ? body : undefined;
  } catch {
    return undefined; // Down, paused or still starting: weather to whoever watches a cluster.
  }
}

function isStatus(body: unknown): body is NodeStatus {
  if (typeof body !== 'object' || body === null) return false;
  const { role, leader, learnedSlot, appliedSlot, digest } = body as Record<string, unknown>;
  const numbers = [leader, learnedSlot, appliedSlot];
  return (
    typeof role === 'string' &&
    typeof digest === 'string' &&
    numbers.every((item) => typeof item === 'number')
  );
}
