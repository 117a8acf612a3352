/**
 * Which membership votes on which slot: a function of the slot, from the first commit on.
 *
 * Only the genesis entry exists as long as nothing changes it; a change chosen at slot s will take effect at
 * s + windowSlots (Lamport's alpha, PMMC 4.3), and everything that asks for a quorum already asks by slot.
 */
import { asSlot, type Membership, type NodeId, type Slot } from './types.ts';

type Era = { readonly fromSlot: Slot; readonly membership: Membership };

export class MembershipHistory {
  /** Ascending by `fromSlot`, never empty, first one from slot 1. */
  readonly #eras: readonly Era[];

  constructor(genesis: Membership) {
    this.#eras = [{ fromSlot: asSlot(1), membership: genesis }];
  }

  /** The nodes that vote on `slot`. */
  at(slot: Slot): Membership {
    for (let index = this.#eras.length - 1; index > 0; index--) {
      const era = this.#eras[index];
      if (era !== undefined && era.fromSlot <= slot) return era.membership;
    }
    return (this.#eras[0] as Era).membership;
  }

  /** Every membership in effect for some slot of [fromSlot, untilSlot); at least one, ascending. */
  inEffect(fromSlot: Slot, untilSlot: Slot): readonly Membership[] {
    const first = this.at(fromSlot);
    const later = this.#eras.filter((era) => era.fromSlot > fromSlot && era.fromSlot < untilSlot);
    return [first, ...later.map((era) => era.membership)];
  }

  /** Every node that votes on some slot of [fromSlot, untilSlot). Ascending, no duplicates. */
  nodes(fromSlot: Slot, untilSlot: Slot): readonly NodeId[] {
    const memberships = this.inEffect(fromSlot, untilSlot);
    const only = memberships[0];
    if (memberships.length === 1 && only !== undefined) return only.voters;
    const all = new Set<NodeId>();
    for (const membership of memberships) for (const node of membership.voters) all.add(node);
    return [...all].sort((left, right) => left - right);
  }
}
