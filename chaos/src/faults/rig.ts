/**
 * What faults get to work with: the cluster, its network, a disk that can be filled, a stream of chance, and waiting
 * that ends early when the chaos is over, so that every fault is healed by the time its script returns.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Random } from '@quorate/core/protocol';
import type { Network } from '../network/network.ts';
import type { ChaosCluster } from '../nodes/chaos-cluster.ts';
import type { SmallDisk } from '../nodes/small-disk.ts';

export type FullableDisk = { readonly node: number; readonly disk: SmallDisk };

export type Rig = {
  readonly cluster: ChaosCluster;
  readonly network: Network;
  /** Undefined where the machine does not allow one. */
  readonly smallDisk: FullableDisk | undefined;
  readonly random: Random;
  readonly over: AbortSignal;
};

/** What a script did: in words, and whether it met anything. A cut that nobody ran into did not happen. */
export type Done = { readonly what: string; readonly fired: boolean };

/** Inflicts, holds and heals. Undefined: not possible now, nothing was done. */
export type FaultScript = (rig: Rig) => Promise<Done | undefined>;

export type WeightedFault = { readonly name: string; readonly weight: number; readonly script: FaultScript };

/** Waits, or until the chaos is over. */
export async function hold({ random, over }: Rig, minMs: number, maxMs: number): Promise<void> {
  if (over.aborted) return;
  try {
    await delay(random.between(minMs, maxMs), undefined, { signal: over });
  } catch (error) {
    if (!over.aborted) throw error;
  }
}

/** The node that leads, or any when none does. */
export async function leaderOrAny({ cluster, random }: Rig): Promise<number> {
  return (await cluster.leader()) ?? random.pick(cluster.nodes);
}
