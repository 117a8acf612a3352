/**
 * Situations that a search must have met to be worth anything: one in which no value was ever chosen, or nobody ever
 * crashed at a bad moment, finds no bug however many states it counts.
 *
 * A set of them is one number, a bit for each, so that millions of transitions can report theirs at no cost.
 */
export const LANDMARKS = [
  /** A quorum durably accepted a value. */
  'chosen',
  /** A leader proposed again what an acceptor had accepted under a lower ballot. */
  'recovered',
  /** A leader filled a gap. */
  'gap-filled',
  /** A leader or candidate learned from a refusal that it is over. */
  'nack',
  /** Two nodes lead at the same time. */
  'two-leaders',
  /** A crash took an acceptance that was not durable yet, or the acknowledgement of one that was. */
  'crash-before-accepted',
  /** A crash took a promise that was not durable yet. */
  'crash-before-promise',
  /** A leader crashed. */
  'leader-crash',
  /** An acceptor that had missed the Prepare was bound by an Accept. */
  'bound-by-accept',
  'bound-by-heartbeat',
  /** A follower learned a value from its leader's watermark. */
  'learned-by-watermark',
  /** A node took a chosen value from a peer. */
  'learned-by-catch-up',
  /** A chosen value was kept, or acknowledged, against an Accept for its slot. */
  'chosen-met-accept',
  /** A leader knew from a promise that slots are chosen which it had not learned. */
  'leader-behind',
  /** A promise came in more than one page. */
  'paged-promise',
  /** A leader or candidate gave up because time was over. */
  'expired',
  'read-answered',
  'read-refused',
  /** A follower's read was answered by way of the leader. */
  'remote-read-answered',
] as const;

export type Landmark = (typeof LANDMARKS)[number];

/** A set of landmarks. */
export type LandmarkBits = number;

export function bitOf(landmark: Landmark): LandmarkBits {
  return 1 << LANDMARKS.indexOf(landmark);
}

export function landmarksIn(bits: LandmarkBits): Landmark[] {
  return LANDMARKS.filter((landmark) => (bits & bitOf(landmark)) !== 0);
}
