/**
 * A process that keeps a journal busy until it is killed. Prints `open <incarnation>`, then the slot of
 * every entry whose callback ran, one per line, after the callback; or `failed <code>` and goes on to show that
 * the failure is final, then ends. Arguments: directory, flavour, bytes per value, first slot.
 */
import { writeSync } from 'node:fs';
import type { JournalWrite } from '#src/protocol/replica-types.ts';
import { asSlot, asWriteSequence } from '#src/protocol/types.ts';
import { asFlavour, journalOf } from './flavours.ts';
import { expectedEntry, WRITER_IDENTITY } from './writer-values.ts';

const UNDER_WAY = 3;
const MAX_FAILURES = 10;

const [directory = '', flavour = 'main', bytes = '1000', from = '1'] = process.argv.slice(2);
const journal = journalOf(asFlavour(flavour), directory);
const { incarnation } = await journal.open(WRITER_IDENTITY);
say(`open ${incarnation}`);

let slot = Number(from);
let sequence = 0;
let failures = 0;
for (let index = 0; index < UNDER_WAY; index++) appendNext();

function appendNext(): void {
  if (failures >= MAX_FAILURES) return;
  const entry = expectedEntry(slot, Number(bytes));
  const writes: JournalWrite[] = [{ kind: 'accept', sequence: next(), entry }];
  if (slot > 10) writes.push({ kind: 'learned', sequence: next(), slot: asSlot(slot - 10) });
  slot += 1;
  journal.append(writes, (error) => {
    say(error === undefined ? `${entry.slot}` : `failed ${error.code}`);
    if (error !== undefined) failures += 1;
    // Not from inside the callback: the event loop must turn for the work between commits.
    if (failures < MAX_FAILURES) setImmediate(appendNext);
    else void journal.close();
  });
}

function next() {
  sequence += 1;
  return asWriteSequence(sequence);
}

/** At once and whole: what a killed process has said is what it did. */
function say(line: string): void {
  writeSync(1, `${line}\n`);
}
