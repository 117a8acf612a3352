/**
 * The text of a node or a message that decides whether two of them are the same one for a search.
 *
 * Every field of a replica's state stands in one of the tables below with a rule, and the compiler insists on it: a
 * field that nobody thought of would silently merge states that differ. What a rule leaves out, and why that is sound,
 * is said beside it. Collections are sorted, because no order of insertion may tell states apart.
 */
import type {
  AckState,
  Campaign,
  Following,
  Leadership,
  Message,
  PeerProgress,
  PromiseProgress,
  ReplicaState,
  SlotRecord,
} from '@quorate/core/protocol';
import type { ModelNode } from './model-node.ts';

/** Write sequences are counted from the last durable one: what is durable is all alike, and no rule looks at more. */
type Rule<T> = 'same' | 'left out' | 'write' | ((value: T, base: number) => string);
type Table<T> = { readonly [K in keyof Required<T>]: Rule<T[K]> };

const RECORD: Table<SlotRecord> = {
  slot: 'same',
  ballot: 'same',
  value: 'same',
  chosen: 'same',
  write: 'write',
};

const ACK: Table<AckState> = {
  ballot: 'same',
  baseSlot: 'same',
  throughSlot: 'same',
  highestSlot: 'same',
  after: 'write',
  dirty: 'same',
};

const FOLLOWING: Table<Following> = {
  leader: 'same',
  ballot: 'same',
  // Set back to the same values after every step.
  lastHeardAt: 'left out',
  connected: 'left out',
};

const PROGRESS: Table<PromiseProgress> = {
  attempt: 'same',
  answer: 'same',
  pageCount: 'same',
  pages: 'same',
  learnedSlot: 'same',
};

type PreVoting = Extract<Campaign, { phase: 'pre-vote' }>;
type Preparing = Extract<Campaign, { phase: 'prepare' }>;

const PRE_VOTING: Table<PreVoting> = {
  phase: 'same',
  ballot: 'same',
  granted: 'same',
  refused: 'same',
  // Time stands still, so every deadline is as far away as any other.
  deadline: 'left out',
};

const PREPARING: Table<Preparing> = {
  phase: 'same',
  ballot: 'same',
  fromSlot: 'same',
  write: 'write',
  attempt: 'same',
  resendAt: 'left out',
  deadline: 'left out',
  promises: (promises, base) => mapText(promises, (progress) => tableText(progress, PROGRESS, base)),
};

const PEER: Table<PeerProgress> = {
  throughSlot: 'same',
  ranges: 'same',
  // Written for people to see, read by nobody.
  sentSlot: 'left out',
  // Whether it is time to send again, or the peer is alive: always yes, see setting.ts.
  progressAt: 'left out',
  echoAt: 'left out',
  toldLearnedSlot: 'same',
  echoSequence: 'same',
  appliedSlot: 'same',
};

const LEADERSHIP: Table<Leadership> = {
  ballot: 'same',
  baseSlot: 'same',
  readFloor: 'same',
  recovered: (recovered) =>
    mapText(recovered, ({ ballot, value }) => `${plainText(ballot)}${plainText(value)}`),
  recoveryDeadline: 'left out',
  proposedSlot: 'same',
  inFlightBytes: 'same',
  ownThroughSlot: 'same',
  peers: (peers, base) => mapText(peers, (peer) => tableText(peer, PEER, base)),
  heartbeatSequence: 'same',
  heartbeatAt: 'left out',
  waitingReads: 'same',
  readRound: 'same',
  resignDeadline: 'same',
};

const STATE: Table<ReplicaState> = {
  self: 'same',
  // The same in all states of a search.
  limits: 'left out',
  memberships: 'left out',
  // Given anew to every step.
  random: 'left out',
  effects: ({ lastWrite, lastEntryWrite }, base) =>
    `${since(lastWrite, base)},${since(lastEntryWrite, base)}`,
  // Set back after every step, see `forgetTime`.
  at: 'left out',
  lastTickAt: 'left out',
  catchUp: 'left out',
  silentPeers: 'left out',
  behindSince: 'left out',
  probeAt: 'left out',
  electionDeadline: 'left out',
  promised: 'same',
  // Decides the next ballot only: see `nodeText`.
  highestSeen: 'left out',
  records: (records, base) => mapText(records, (record) => tableText(record, RECORD, base)),
  ack: (ack, base) => optional(ack, ACK, base),
  // The base itself.
  durable: 'left out',
  learnedSlot: 'same',
  deliveredAtStart: 'same',
  persistedLearnedSlot: 'same',
  appliedSlot: 'same',
  watermark: 'same',
  peerLearned: 'same',
  waitingServices: (services, base) =>
    mapText(
      services,
      ({ to, fromSlot, untilSlot, after }) => `${to},${fromSlot},${untilSlot},${since(after, base)}`,
    ),
  unreachable: 'same',
  // Set back after every step.
  newestHeartbeat: 'left out',
  following: (following, base) => optional(following, FOLLOWING, base),
  campaign: (campaign, base) => {
    if (campaign?.phase === 'pre-vote') return tableText(campaign, PRE_VOTING, base);
    return optional(campaign, PREPARING, base);
  },
  leadership: (leadership, base) => optional(leadership, LEADERSHIP, base),
  remoteReads: (reads) => mapText(reads, ({ ticket }) => String(ticket)),
  nextReadId: 'same',
};

/** `mayCampaign`: in the rest of its life. */
export function nodeText(node: ModelNode, mayCampaign: boolean): string {
  const { self, state, disk, journalLearned, unflushed, outbox, past } = node;
  const base = state.durable;
  // Their sequences follow from their order; a message waits for one of them.
  const writes = unflushed.map((write) => plainText({ ...write, sequence: 0 }));
  const waiting = outbox.map(
    ({ to, after, message }) => `${to},${since(after, base)},${messageText(message)}`,
  );
  const accepted = past.accepted.map(plainText).sort(byText);
  const proposed = past.proposed.map(plainText).sort(byText);
  return [
    self,
    tableText(state, STATE, base),
    mayCampaign ? plainText(state.highestSeen) : '',
    plainText(disk),
    journalLearned,
    writes.join(),
    waiting.sort(byText).join(),
    plainText({ ...past, accepted, proposed }),
  ].join('\n');
}

/** What the judge looks at. */
export function recordText({ self, disk, past }: ModelNode): string {
  const accepted = past.accepted.map(plainText).sort(byText);
  const proposed = past.proposed.map(plainText).sort(byText);
  return `${self},${plainText(disk.promised)},${past.proposals},${accepted.join()},${proposed.join()}`;
}

export function messageText(message: Message): string {
  return plainText(message);
}

function tableText<T extends object>(value: T, table: Table<T>, base: number): string {
  let text = '{';
  for (const key of Object.keys(table) as (keyof T)[]) {
    const rule = table[key];
    if (rule === 'left out') continue;
    if (rule === 'same') text += plainText(value[key]);
    else if (rule === 'write') text += since(value[key] as number, base);
    else text += rule(value[key], base);
    text += ';';
  }
  return `${text}}`;
}

function optional<T extends object>(value: T | undefined, table: Table<T>, base: number): string {
  return value === undefined ? '-' : tableText(value, table, base);
}

function since(write: number, base: number): number {
  return Math.max(0, write - base);
}

function mapText<K, V>(map: ReadonlyMap<K, V>, textOf: (value: V) => string): string {
  if (map.size === 0) return '';
  return [...map]
    .map(([key, value]) => `${String(key)}:${textOf(value)}`)
    .sort(byText)
    .join();
}

/** Of plain data: numbers, strings, booleans, bytes, lists, maps, sets and records of these. */
function plainText(value: unknown): string {
  switch (typeof value) {
    case 'number':
    case 'boolean':
    case 'undefined':
      return String(value);
    case 'string':
      return value;
    case 'object':
      return objectText(value);
    default:
      throw new TypeError(`a ${typeof value} is not plain data`);
  }
}

function objectText(value: object | null): string {
  if (value === null) return 'null';
  if (value instanceof Uint8Array) return `<${value.join()}>`;
  if (Array.isArray(value)) return `[${value.map(plainText).join()}]`;
  if (value instanceof Set) return `(${[...value].map(plainText).sort(byText).join()})`;
  if (value instanceof Map) return `(${mapText(value, plainText)})`;
  let text = '{';
  for (const field of Object.values(value)) text += `${plainText(field)};`;
  return `${text}}`;
}

function byText(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
