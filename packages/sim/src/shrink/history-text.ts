/**
 * A history as a text that reads like a play: one decision per line, and below it, indented, what came of it.
 *
 * The first paragraph is for people, the line `cluster ...` is the setting. Reading takes the decisions alone; what
 * came of them is a comment, since a test of a repaired bug must not want it back.
 */
import {
  asNodeId,
  describeInput,
  describeMessage,
  describeOutput,
  describeWrite,
  type ProtocolLimits,
} from '@quorate/core/protocol';
import type { SimEvent } from '../sim-event.ts';
import type { Deed, Happening, History } from './history.ts';
import { type Played, play } from './player.ts';
import { clockBefore } from './reduce.ts';

const LIMIT_NAMES = [
  'windowSlots',
  'windowBytes',
  'heartbeatMs',
  'electionTimeoutMs',
  'resendMs',
  'pageBytes',
  'catchUpSlots',
  'maxWaitingReads',
] as const satisfies readonly (keyof ProtocolLimits)[];

/** `heading`: lines of prose above it. */
export function printHistory(history: History, heading: readonly string[]): string {
  const lines = heading.map((line) => `# ${line}`);
  const { nodeCount, durableBackend, limits } = history.setting;
  const shown = LIMIT_NAMES.map((name) => `${name}=${limits[name]}`).join(' ');
  lines.push(`cluster ${nodeCount} backend=${durableBackend ? 'durable' : 'forgets'} ${shown}`);
  let index = 0;
  const played: Played = play(history, {
    onDeed: (deed) => {
      lines.push('', printDeed(deed, deed.atMs - clockBefore(history.deeds, index)));
      index += 1;
    },
    onEvent: (event) => {
      for (const line of consequences(event)) lines.push(`    ${event.node} ${line}`);
    },
  });
  if (played.sentence !== undefined) lines.push('', `# ${played.sentence}`);
  return `${lines.join('\n')}\n`;
}

function printDeed(deed: Deed, passedMs: number): string {
  const passed = passedMs > 0 ? ` after=${passedMs}ms` : '';
  return `${deed.kind} ${deed.node}${printRest(deed)}${passed}${deed.settles ? '' : ' hold'}`;
}

function printRest(deed: Happening): string {
  switch (deed.kind) {
    case 'start':
      return ` seed=${deed.seed}`;
    case 'deliver':
      return ` from=${deed.from} [${deed.text}]`;
    case 'propose':
      return ` ticket=${deed.ticket} bytes=${deed.bytes} stamp=${deed.stampMs}`;
    case 'read':
      return ` ticket=${deed.ticket}`;
    case 'up':
    case 'down':
      return ` peer=${deed.peer}`;
    case 'flush':
      return ` writes=${deed.writes}`;
    default:
      return '';
  }
}

function consequences(event: SimEvent): string[] {
  switch (event.kind) {
    case 'step': {
      const { input } = event;
      // What is sent is shown when it leaves.
      const effects = describeOutput({ ...event.output, send: [] });
      const isOwn = input.kind === 'persisted' || input.kind === 'applied';
      return isOwn && effects.length > 0 ? [describeInput(input), ...effects] : effects;
    }
    case 'send':
      return [`-> ${event.to} ${describeMessage(event.message)}`];
    case 'durable':
      return [`durable ${describeWrite(event.write)}`];
    default:
      return [];
  }
}

/** @throws Error naming the line that is none. */
export function readHistory(text: string): History {
  const deeds: Deed[] = [];
  const clocks = new Map<number, number>();
  let setting: History['setting'] | undefined;
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '' || /^[#\s]/.test(line)) continue;
    try {
      if (line.startsWith('cluster ')) setting = readSetting(line);
      else deeds.push(readDeed(line, clocks));
    } catch (error) {
      throw new Error(`line ${index + 1}: ${(error as Error).message}: ${line}`, { cause: error });
    }
  }
  if (setting === undefined) throw new Error('there is no line that begins with "cluster"');
  return { setting, deeds };
}

function readSetting(line: string): History['setting'] {
  const fields = fieldsOf(line);
  const limits = Object.fromEntries(
    LIMIT_NAMES.map((name) => [name, numberIn(fields, name)]),
  ) as ProtocolLimits;
  const nodeCount = Number(line.split(' ')[1]);
  if (!Number.isSafeInteger(nodeCount) || nodeCount < 1) throw new Error('no number of nodes');
  return { nodeCount, durableBackend: fields.get('backend') === 'durable', limits };
}

function readDeed(line: string, clocks: Map<number, number>): Deed {
  const [kind = '', nodeText] = line.split(' ');
  const number = Number(nodeText);
  if (!Number.isSafeInteger(number) || number < 1) throw new Error('no number of a node');
  const node = asNodeId(number);
  // What a message says must not be taken for a field of the line.
  const text = /\[(.*)\]/.exec(line)?.[1] ?? '';
  const rest = line.replace(`[${text}]`, '');
  const fields = fieldsOf(rest);
  const passedMs = fields.has('after') ? Number.parseFloat(fields.get('after') ?? '') : 0;
  const atMs = (clocks.get(node) ?? 0) + passedMs;
  clocks.set(node, atMs);
  return { node, atMs, settles: !rest.endsWith(' hold'), ...readHappening(kind, fields, text) };
}

function readHappening(kind: string, fields: Map<string, string>, text: string): Happening {
  const at = (name: string): number => numberIn(fields, name);
  switch (kind) {
    case 'start':
      return { kind, seed: at('seed') };
    case 'deliver':
      return { kind, from: asNodeId(at('from')), text };
    case 'propose':
      return { kind, ticket: at('ticket'), bytes: at('bytes'), stampMs: at('stamp') };
    case 'read':
      return { kind, ticket: at('ticket') };
    case 'up':
    case 'down':
      return { kind, peer: asNodeId(at('peer')) };
    case 'flush':
      return { kind, writes: at('writes') };
    case 'crash':
    case 'tick':
    case 'turn':
    case 'flushed':
    case 'applied':
    case 'stored':
    case 'resign':
    case 'campaign':
    case 'usurp':
      return { kind };
    default:
      throw new Error('no such decision');
  }
}

function fieldsOf(line: string): Map<string, string> {
  return new Map(
    [...line.matchAll(/([A-Za-z]+)=(\S+)/g)].map(([, name, value]) => [name as string, value as string]),
  );
}

function numberIn(fields: Map<string, string>, name: string): number {
  const value = Number(fields.get(name));
  if (!Number.isFinite(value)) throw new Error(`${name}= is missing`);
  return value;
}
