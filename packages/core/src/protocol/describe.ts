/**
 * One line of text for every input, message and output: the common language of transcripts, the simulator's
 * trace and debug logs. Fixed order of fields, `name=value`, ballots as `round.node`, nodes as numbers.
 *
 * For people and for tests that compare text; nothing parses it. Values are shown when they are short and
 * printable, and otherwise by length and fingerprint, so that a line stays a line.
 */
import { describeBallot } from './ballot.ts';
import type { Message, SlotRange } from './message.ts';
import type {
  Input,
  JournalWrite,
  Outgoing,
  Output,
  ReadAnswer,
  ReplicaView,
  Settlement,
} from './replica-types.ts';
import type { AcceptedEntry, Value } from './types.ts';

const SHOWN_VALUE_BYTES = 24;
const SHOWN_ENTRIES = 8;

export function describeMessage(message: Message): string {
  switch (message.kind) {
    case 'heartbeat':
      return (
        `Heartbeat ballot=${describeBallot(message.ballot)} seq=${message.sequence} learned=${message.learnedSlot}` +
        (message.quorumConnected ? '' : ' not-connected')
      );
    case 'heartbeat-echo':
      return `HeartbeatEcho ballot=${describeBallot(message.ballot)} seq=${message.sequence} learned=${message.learnedSlot} applied=${message.appliedSlot}`;
    case 'pre-vote':
      return `PreVote ballot=${describeBallot(message.ballot)}`;
    case 'pre-vote-reply':
      return `PreVoteReply ballot=${describeBallot(message.ballot)} ${message.granted ? 'granted' : 'refused'} promised=${describeBallot(message.promised)}`;
    case 'prepare':
      return `Prepare ballot=${describeBallot(message.ballot)} from=${message.fromSlot} attempt=${message.attempt}`;
    case 'promise':
      return (
        `Promise ballot=${describeBallot(message.ballot)} attempt=${message.attempt} page=${message.page + 1}/${message.pageCount}` +
        ` learned=${message.learnedSlot} entries=${describeEntries(message.entries)}`
      );
    case 'nack':
      return `Nack ballot=${describeBallot(message.ballot)} promised=${describeBallot(message.promised)}`;
    case 'accept':
      return (
        `Accept slot=${message.slot} ballot=${describeBallot(message.ballot)} value=${describeValue(message.value)}` +
        ` base=${message.baseSlot} learned=${message.learnedSlot}`
      );
    case 'accepted':
      return `Accepted ballot=${describeBallot(message.ballot)} through=${message.throughSlot}${describeRanges(message.ranges)}`;
    case 'learned':
      return `Learned ballot=${describeBallot(message.ballot)} learned=${message.learnedSlot}`;
    case 'catch-up-request':
      return `CatchUpRequest from=${message.fromSlot} until=${message.untilSlot}`;
    case 'catch-up-reply':
      return `CatchUpReply from=${message.fromSlot} entries=${describeEntries(message.entries)} learned=${message.learnedSlot}`;
    case 'read-index-request':
      return `ReadIndexRequest id=${message.id}`;
    case 'read-index-reply':
      return `ReadIndexReply id=${message.id} ${message.refused ? 'refused' : `slot=${message.slot}`}`;
    case 'transfer':
      return `Transfer ballot=${describeBallot(message.ballot)}`;
    default:
      return message satisfies never;
  }
}

/** Without the time; the caller prints that in a column of its own. */
export function describeInput(input: Input): string {
  switch (input.kind) {
    case 'tick':
    case 'turn':
    case 'resign':
    case 'campaign':
      return input.kind;
    case 'receive':
      return `<- ${input.from} ${describeMessage(input.message)}`;
    case 'propose':
      return `propose #${input.ticket} ${describeValue(input.value)}`;
    case 'read':
      return `read #${input.ticket}`;
    case 'persisted':
      return `persisted through=w${input.through}`;
    case 'applied':
      return `applied through=${input.through}`;
    case 'peer-up':
      return `peer-up ${input.peer}`;
    case 'peer-down':
      return `peer-down ${input.peer}`;
    default:
      return input satisfies never;
  }
}

/** One line per effect, in the order in which a host carries them out. Empty when nothing happened. */
export function describeOutput(output: Output): string[] {
  const lines: string[] = [];
  for (const write of output.persist) lines.push(describeWrite(write));
  for (const outgoing of output.send) lines.push(describeOutgoing(outgoing));
  for (const entry of output.deliver) lines.push(`deliver ${describeEntry(entry)}`);
  for (const answer of output.reads) lines.push(describeReadAnswer(answer));
  for (const settlement of output.settle) lines.push(describeSettlement(settlement));
  for (const service of output.catchUp) {
    lines.push(`serve catch-up to=${service.to} from=${service.fromSlot} until=${service.untilSlot}`);
  }
  return lines;
}

export function describeWrite(write: JournalWrite): string {
  switch (write.kind) {
    case 'promise':
      return `write w${write.sequence} promise ${describeBallot(write.ballot)}`;
    case 'accept':
      return `write w${write.sequence} accept ${describeEntry(write.entry)}`;
    case 'chosen':
      return `write w${write.sequence} chosen ${describeEntry(write.entry)}`;
    case 'learned':
      return `write w${write.sequence} learned=${write.slot}`;
    default:
      return write satisfies never;
  }
}

/** `w3` at the end: leaves once write 3 is durable. */
export function describeOutgoing(outgoing: Outgoing): string {
  const wait = outgoing.after === 0 ? '' : ` after=w${outgoing.after}`;
  return `-> ${outgoing.to} ${describeMessage(outgoing.message)}${wait}`;
}

export function describeReadAnswer(answer: ReadAnswer): string {
  return answer.kind === 'ready'
    ? `read #${answer.ticket} at slot=${answer.slot}`
    : `read #${answer.ticket} refused: ${answer.reason}`;
}

export function describeSettlement(settlement: Settlement): string {
  return settlement.kind === 'proposed'
    ? `proposed #${settlement.ticket} slot=${settlement.slot} ballot=${describeBallot(settlement.ballot)}`
    : `proposed #${settlement.ticket} refused: ${settlement.reason}`;
}

/** Role, ballot and positions: `2 leader 3.2 learned=7 applied=7`. */
export function describeView(view: ReplicaView): string {
  const leader = view.role === 'leader' || view.leader === undefined ? '' : ` leader=${view.leader}`;
  return `${view.self} ${view.role} ${describeBallot(view.ballot)} learned=${view.learnedSlot} applied=${view.appliedSlot}${leader}`;
}

export function describeEntry(entry: AcceptedEntry): string {
  return `slot=${entry.slot} ballot=${describeBallot(entry.ballot)} value=${describeValue(entry.value)}`;
}

export function describeValue(value: Value): string {
  if (value.kind === 'noop') return 'noop';
  const { bytes } = value;
  const printable = bytes.length <= SHOWN_VALUE_BYTES && bytes.every((byte) => byte >= 0x20 && byte < 0x7f);
  if (printable) return JSON.stringify(String.fromCharCode(...bytes));
  return `${bytes.length}B#${fingerprint(bytes).toString(16).padStart(8, '0')}`;
}

function describeEntries(entries: readonly AcceptedEntry[]): string {
  const shown = entries
    .slice(0, SHOWN_ENTRIES)
    .map((entry) => `${entry.slot}@${describeBallot(entry.ballot)}=${describeValue(entry.value)}`);
  if (entries.length > SHOWN_ENTRIES) shown.push(`and ${entries.length - SHOWN_ENTRIES} more`);
  return `[${shown.join(' ')}]`;
}

function describeRanges(ranges: readonly SlotRange[]): string {
  return ranges.map((range) => ` [${range.fromSlot},${range.untilSlot})`).join('');
}

/** FNV-1a: only to tell values apart in a line of text. */
function fingerprint(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}
