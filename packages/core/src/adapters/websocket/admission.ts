/**
 * Who may speak to this node: the checks of a decoded Hello that need nothing but the two identities. Pure.
 *
 * Leaves to others: whether the storage is the one that this member always had (the owner's journal knows), and
 * which of two connections of one peer is newer (peer-link.ts), and who dials whom.
 */
import type { ErrorCode } from '@quorate/wire';
import type { NodeId } from '../../protocol/types.ts';
import { type BackendFacts, GROUP_COUNT, type Hello } from './hello.ts';

/** What this node says of itself in every Hello. */
export type LocalIdentity = {
  readonly clusterId: string;
  /** Hash of the members in id order. */
  readonly genesisDigest: string;
  readonly node: NodeId;
  readonly storageId: string;
  /** Raised and flushed before the network opens. */
  readonly incarnation: number;
  /** Of this node's backend, as in `Hello`. */
  readonly backend: BackendFacts;
};

export type Refusal = { readonly code: ErrorCode; readonly message: string };

/** The owner's verdict on a peer's storage. It must not throw; what it remembers is flushed when it returns. */
export type Admission = { readonly ok: true } | ({ readonly ok: false } & Refusal);

/** Undefined when the Hello may go on to the owner's check. */
export function checkHello(hello: Hello, self: LocalIdentity): Refusal | undefined {
  if (hello.clusterId !== self.clusterId) {
    return refuse(
      'WIRE_WRONG_CLUSTER',
      `node ${self.node} belongs to cluster ${self.clusterId}, not to ${hello.clusterId}`,
    );
  }
  if (hello.genesisDigest !== self.genesisDigest) {
    return refuse(
      'WIRE_WRONG_CLUSTER',
      `the members of node ${hello.from} are not those of node ${self.node}, or in another order`,
    );
  }
  if (hello.groups !== GROUP_COUNT) {
    return refuse(
      'WIRE_WRONG_CLUSTER',
      `node ${self.node} has ${GROUP_COUNT} group and node ${hello.from} has ${hello.groups}`,
    );
  }
  if (hello.to !== self.node) {
    return refuse(
      'WIRE_WRONG_NODE',
      `this is node ${self.node} and node ${hello.to} was wanted: is an address listed at two places?`,
    );
  }
  return checkBackends(hello, self);
}

/** The first difference, in words. What one side does not know (yet) is no difference. */
function checkBackends(hello: Hello, self: LocalIdentity): Refusal | undefined {
  const theirs = new Map(hello.backend);
  for (const [name, here] of self.backend) {
    const there = theirs.get(name);
    if (there === undefined || here === there) continue;
    return refuse(
      'WIRE_WRONG_BACKEND',
      `the backends differ in ${name}: node ${self.node} has ${here}, node ${hello.from} has ${there}; they could give different results`,
    );
  }
  return undefined;
}

function refuse(code: ErrorCode, message: string): Refusal {
  return { code, message };
}
