/**
 * The links of a `TestCluster` in a test's hands: frames can be lost by sender, receiver and lane, and the memory of a
 * frame is used again as soon as it was handed over, as a socket does it.
 */
import type { Lane } from '#src/protocol/message.ts';
import type { NodeId } from '#src/protocol/types.ts';
import type { TestCluster } from './cluster.ts';

type Link = { readonly from: number; readonly to: number; readonly lane: Lane };

export class Links {
  readonly #cluster: TestCluster;
  /** True for what is lost. */
  #loses: (link: Link) => boolean = () => false;

  constructor(cluster: TestCluster) {
    this.#cluster = cluster;
    const carry = (from: NodeId, to: NodeId, lane: Lane, frame: Uint8Array): boolean => {
      cluster.clock.soon(() => this.#deliver({ from, to, lane }, frame));
      return true;
    };
    cluster.carry = carry;
  }

  lose(loses: (link: Link) => boolean): void {
    this.#loses = loses;
  }

  /** Nothing reaches the node, and nothing of it reaches anybody. */
  isolate(node: number): void {
    this.lose(({ from, to }) => from === node || to === node);
  }

  heal(): void {
    this.lose(() => false);
  }

  #deliver(link: Link, frame: Uint8Array): void {
    if (this.#loses(link)) return;
    const memory = frame.slice();
    this.#cluster.node(link.to).handlers?.onFrame(link.from as NodeId, link.lane, memory);
    memory.fill(0xee);
  }
}

/** A node that is not this one. */
export function otherThan(...nodes: number[]): number {
  return [1, 2, 3].find((id) => !nodes.includes(id)) ?? 0;
}
