/**
 * A deep copy of everything a replica knows, for tools that explore more than one future of a state (the model
 * checker). Production never calls it.
 *
 * Owns the knowledge of what is mutable: collections and the few records that are changed in place are copied,
 * immutable values (ballots, entries, messages) are shared. The generator of random numbers is given by the caller.
 */
import type { Random } from './random.ts';
import type { Campaign, Leadership, PeerProgress, PromiseProgress, ReplicaState } from './state.ts';
import type { NodeId } from './types.ts';

/** Between two steps only: what a step has collected and not handed out is not copied. */
export function cloneState(state: ReplicaState, random: Random): ReplicaState {
  return {
    ...state,
    random,
    effects: state.effects.continued(),
    records: new Map(state.records),
    ack: state.ack === undefined ? undefined : { ...state.ack },
    peerLearned: new Map(state.peerLearned),
    silentPeers: new Set(state.silentPeers),
    waitingServices: new Map(state.waitingServices),
    unreachable: new Set(state.unreachable),
    following: state.following === undefined ? undefined : { ...state.following },
    campaign: state.campaign === undefined ? undefined : cloneCampaign(state.campaign),
    leadership: state.leadership === undefined ? undefined : cloneLeadership(state.leadership),
    remoteReads: new Map(state.remoteReads),
  };
}

function cloneCampaign(campaign: Campaign): Campaign {
  switch (campaign.phase) {
    case 'pre-vote':
      return { ...campaign, granted: new Set(campaign.granted), refused: new Set(campaign.refused) };
    case 'prepare': {
      const promises = new Map<NodeId, PromiseProgress>();
      for (const [node, progress] of campaign.promises)
        promises.set(node, { ...progress, pages: new Map(progress.pages) });
      return { ...campaign, promises };
    }
    default:
      return campaign satisfies never;
  }
}

function cloneLeadership(leadership: Leadership): Leadership {
  const peers = new Map<NodeId, PeerProgress>();
  for (const [node, progress] of leadership.peers) peers.set(node, { ...progress });
  // Waiting reads are appended in place; a round is replaced as a whole.
  return { ...leadership, peers, waitingReads: [...leadership.waitingReads] };
}
