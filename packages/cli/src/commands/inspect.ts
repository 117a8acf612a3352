/**
 * `inspect`: the journal of a node that does not run, one line per slot: slot, ballot, whether it is known to be
 * chosen, and the commands in it. `-w json` gives one object per slot and nothing else, so that the logs of two
 * nodes can be compared.
 */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { JournalDump, Value } from '@quorate/core/ports';
import { type BatchGroup, decodeBatch, QuorateError } from '@quorate/wire';
import type { CommandContext } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { describeCommand } from '../output/command-text.ts';
import { renderTable } from '../output/table.ts';

export type InspectOptions = { readonly from?: string; readonly limit?: string };

type Entry = ReturnType<JournalDump['entries']> extends Iterable<infer Item> ? Item : never;

/** Rows of a boxed table are held in memory until their widths are known. */
const MAX_TABLE_ROWS = 10_000;

export async function runInspect(
  context: CommandContext,
  directory: string,
  options: InspectOptions,
): Promise<void> {
  const from = wholeNumber('--from', options.from, 1);
  const limit = wholeNumber(
    '--limit',
    options.limit,
    context.format === 'table' ? MAX_TABLE_ROWS : Number.MAX_SAFE_INTEGER,
  );
  const { openJournalDump } = await import('@quorate/core');
  const dump = openJournalDump(journalDirectory(directory));
  try {
    const entries = limited(dump.entries(), from, limit);
    let damaged = 0;
    const counted = (entry: Entry): Entry => {
      if (!entry.intact) damaged += 1;
      // The journal marks only what it learned from peers; everything up to the learned slot is chosen as well.
      return { ...entry, chosen: entry.chosen || entry.slot <= dump.learnedSlot };
    };
    print(context, dump, entries, counted);
    if (damaged > 0) {
      context.note(`quorate: JOURNAL_CORRUPT: ${damaged} of the entries shown do not match their checksum`);
      context.exitCode = EXIT.failed;
    }
  } finally {
    dump.close();
  }
}

function print(
  context: CommandContext,
  dump: JournalDump,
  entries: Iterable<Entry>,
  counted: (entry: Entry) => Entry,
): void {
  switch (context.format) {
    case 'json':
      for (const entry of entries) context.printJson(entryObject(counted(entry)));
      return;
    case 'table':
      context.print(
        renderTable(
          ['slot', 'ballot', 'state', 'content'],
          [...entries].map((entry) => entryRow(counted(entry))),
          'boxed',
        ),
      );
      return;
    case 'simple':
      context.print(describeJournal(dump));
      for (const entry of entries) context.print(`${entryRow(counted(entry)).join('  ')}\n`);
      return;
    default:
      return context.format satisfies never;
  }
}

/** `data/node-1` and `data/node-1/journal` both name the journal of node 1. */
function journalDirectory(directory: string): string {
  const found = statSync(directory, { throwIfNoEntry: false });
  if (found === undefined) throw new QuorateError('ARGUMENT', `there is no directory ${directory}`);
  if (!found.isDirectory())
    throw new QuorateError(
      'ARGUMENT',
      `${directory} is no directory; name that of a node, such as data/node-1`,
    );
  const inner = join(directory, 'journal');
  if (existsSync(inner)) return inner;
  const nodes = readdirSync(directory).filter((name) => existsSync(join(directory, name, 'journal')));
  if (nodes.length === 0) return directory;
  const choices = nodes.map((name) => `    ${join(directory, name)}`).join('\n');
  throw new QuorateError('ARGUMENT', `${directory} holds ${nodes.length} nodes: say which one\n${choices}`);
}

function describeJournal({ identity, promised, learnedSlot, peers }: JournalDump): string {
  const others = peers.map(
    ({ node, storageId, incarnation }) =>
      `# peer ${node}: storage ${storageId}, incarnation ${incarnation}\n`,
  );
  return [
    `# node ${identity.node} of cluster ${identity.clusterId}, group ${identity.group}\n`,
    `# storage ${identity.storageId}, incarnation ${identity.incarnation}, format ${identity.formatVersion}\n`,
    `# promised ${promised.round}.${promised.node}, learned slot ${learnedSlot}\n`,
    ...others,
  ].join('');
}

function* limited(entries: Iterable<Entry>, from: number, limit: number): Generator<Entry, void, undefined> {
  let count = 0;
  for (const entry of entries) {
    if (entry.slot < from) continue;
    if (count === limit) return;
    count += 1;
    yield entry;
  }
}

function entryRow({ slot, ballot, chosen, intact, value }: Entry): string[] {
  const state = intact ? (chosen ? 'chosen' : 'accepted') : 'DAMAGED';
  return [
    String(slot).padStart(6),
    `${ballot.round}.${ballot.node}`.padStart(5),
    state.padEnd(8),
    intact ? describeValue(value) : '?',
  ];
}

function describeValue(value: Value): string {
  if (value.kind === 'noop') return 'noop';
  return (
    groupsOf(value.bytes)?.map(describeGroup).join('; ') ?? `${value.bytes.length} bytes that are no batch`
  );
}

function describeGroup(group: BatchGroup): string {
  switch (group.kind) {
    case 'open':
      return 'open session';
    case 'close':
      return `close session ${group.session}`;
    case 'commands': {
      const commands = group.commands.map(({ sequence, bytes }) => `${sequence}: ${describeCommand(bytes)}`);
      return `session ${group.session}, ${commands.join(', ')}`;
    }
    default:
      return group satisfies never;
  }
}

function entryObject({ slot, ballot, chosen, intact, value }: Entry): Readonly<Record<string, unknown>> {
  const head = { slot, ballot: { round: ballot.round, node: ballot.node }, chosen, intact, kind: value.kind };
  if (value.kind === 'noop' || !intact) return head;
  return { ...head, stampMs: value.stampMs, groups: groupsOf(value.bytes)?.map(groupObject) ?? null };
}

function groupObject(group: BatchGroup): Readonly<Record<string, unknown>> {
  if (group.kind !== 'commands') return group;
  const commands = group.commands.map(({ sequence, bytes }) => ({
    sequence,
    command: describeCommand(bytes),
    bytes: bytes.length,
  }));
  return { kind: group.kind, session: group.session, ackSequence: group.ackSequence, commands };
}

function groupsOf(bytes: Uint8Array): BatchGroup[] | undefined {
  try {
    return decodeBatch(bytes);
  } catch (error) {
    if (error instanceof QuorateError) return undefined; // Intact, yet not a batch of this version.
    throw error;
  }
}

function wholeNumber(name: string, text: string | undefined, preset: number): number {
  const value = text === undefined ? preset : Number(text);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new QuorateError('ARGUMENT', `${name}: takes a whole number, not "${text ?? ''}"`);
}
