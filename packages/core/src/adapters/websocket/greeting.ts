/**
 * One step of a greeting: bytes of a peer to "go on", "it refuses us" or "we refuse it". Composes the decoder, the
 * comparison of identities, the owner's verdict on the storage and the order of its incarnations, in this order.
 */
import { QuorateError } from '@quorate/wire';
import type { Lane } from '../../protocol/message.ts';
import type { NodeId } from '../../protocol/types.ts';
import { PEER_WIRE_VERSIONS } from '../../wire/frame.ts';
import { checkHello, type Refusal } from './admission.ts';
import type { PeerContext } from './context.ts';
import { decodeGreeting, GROUP_COUNT, type Greeting, type Hello, type Reject } from './hello.ts';
import type { PeerLink } from './peer-link.ts';

export type ReadGreeting = Greeting | { readonly kind: 'unreadable'; readonly refusal: Refusal };

export function readGreeting(frame: Uint8Array): ReadGreeting {
  try {
    return decodeGreeting(frame);
  } catch (error) {
    // Anything else is a mistake of ours and must not be answered as if it were theirs.
    if (!(error instanceof QuorateError)) throw error;
    return { kind: 'unreadable', refusal: { code: error.code, message: error.message } };
  }
}

export type HelloVerdict =
  | { readonly kind: 'welcome'; readonly link: PeerLink; readonly hello: Hello }
  | { readonly kind: 'rejected'; readonly reject: Reject }
  | { readonly kind: 'refuse'; readonly refusal: Refusal };

/** `linkOf` gives the link of a node that is expected at this end, undefined for all others. */
export function judgeHello(
  context: PeerContext,
  frame: Uint8Array,
  linkOf: (from: NodeId) => PeerLink | undefined,
): HelloVerdict {
  const greeting = readGreeting(frame);
  if (greeting.kind === 'unreadable') return { kind: 'refuse', refusal: greeting.refusal };
  if (greeting.kind === 'reject') return { kind: 'rejected', reject: greeting };
  if (greeting.kind === 'ready')
    return refuse({ code: 'WIRE_MALFORMED', message: 'a hello must come first' });
  const mismatch = checkHello(greeting, context.options.identity);
  if (mismatch !== undefined) return refuse(mismatch);
  const link = linkOf(greeting.from);
  if (link === undefined) return refuse(unexpected(greeting, context.options.identity.node));
  // The storage first: incarnations of two storages say nothing about each other, and a wiped node that starts over
  // at 1 has to hear that it lost its storage, not that it is late.
  const { from, storageId, incarnation, processNonce } = greeting;
  const admission = context.options.admitPeer(from, storageId, incarnation, processNonce);
  if (!admission.ok) return refuse({ code: admission.code, message: admission.message });
  const stale = link.checkLife(greeting);
  if (stale !== undefined) return refuse(stale);
  link.rememberLife(greeting);
  return { kind: 'welcome', link, hello: greeting };
}

/** What this node says of itself to `to`. */
export function ownHello(context: PeerContext, to: NodeId, lane: Lane, attempt: number): Hello {
  const { identity, processNonce } = context.options;
  return {
    kind: 'hello',
    versions: PEER_WIRE_VERSIONS,
    clusterId: identity.clusterId,
    genesisDigest: identity.genesisDigest,
    from: identity.node,
    to,
    storageId: identity.storageId,
    incarnation: identity.incarnation,
    lane,
    groups: GROUP_COUNT,
    processNonce,
    attempt,
    backend: identity.backend,
  };
}

function unexpected(hello: Hello, self: NodeId): Refusal {
  const message =
    hello.from === self
      ? `a node that calls itself ${self} spoke to node ${self}`
      : `node ${hello.from} is not expected at this end of a link of node ${self}`;
  return { code: 'WIRE_WRONG_NODE', message };
}

function refuse(refusal: Refusal): HelloVerdict {
  return { kind: 'refuse', refusal };
}
