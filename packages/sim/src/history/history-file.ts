/**
 * Histories as files: JSON lines, one call or fault per line in any order, behind a first line that names the format.
 *
 *   {"format":"quorate-history","version":1}
 *   {"client":1,"key":"r1","do":"set","value":"v7","beganUs":120,"end":"done","atUs":950,"answer":"v7"}
 *   {"client":2,"key":"r1","do":"get","beganUs":400,"end":"done","atUs":990,"answer":null}
 *   {"client":3,"key":"c1","do":"inc","by":1,"beganUs":400,"end":"unknown","atUs":2000}
 *   {"fault":"node 2 killed","fromUs":300,"untilUs":1500}
 *
 * The reader checks every line: a history that was written wrongly must not pass for one that is right.
 */
import { QuorateError } from '@quorate/wire';
import type { Action, Call, Content, End, FaultRecord, History } from './call.ts';

const FORMAT = 'quorate-history';
const VERSION = 1;

/** What precedes all lines of a file. */
export const HISTORY_HEADER: string = `${JSON.stringify({ format: FORMAT, version: VERSION })}\n`;

/** One line, with its line end. The id is not written: it is the position in the file. */
export function callLine({ client, key, action, beganUs, end }: Omit<Call, 'id'>): string {
  const { kind, ...input } = action;
  const { kind: how, ...ending } = end;
  return `${JSON.stringify({ client, key, do: kind, ...input, beganUs, end: how, ...ending })}\n`;
}

export function faultLine({ what, fromUs, untilUs }: FaultRecord): string {
  return `${JSON.stringify({ fault: what, fromUs, untilUs })}\n`;
}

export function historyText({ calls, faults }: History): string {
  return HISTORY_HEADER + faults.map(faultLine).join('') + calls.map(callLine).join('');
}

/**
 * Reads a whole file. Ids count from `firstId` in the order of the lines.
 * @throws ARGUMENT with the number of the line that cannot be read
 */
export function parseHistory(text: string, firstId: number = 0): History {
  const lines = text.split('\n');
  checkHeader(lines[0] ?? '');
  const calls: Call[] = [];
  const faults: FaultRecord[] = [];
  for (let index = 1; index < lines.length; index++) {
    const line = lines[index] as string;
    if (line.trim() === '') continue;
    const record = parseLine(line, index + 1);
    if (record['fault'] === undefined) calls.push(readCall(record, firstId + calls.length, index + 1));
    else faults.push(readFault(record, index + 1));
  }
  return { calls, faults };
}

type JsonRecord = Readonly<Record<string, unknown>>;

function checkHeader(line: string): void {
  const { format, version } = parseLine(line, 1);
  if (format !== FORMAT)
    throw wrong(1, `this is not a history: the first line is not {"format":"${FORMAT}",...}`);
  if (version !== VERSION) throw wrong(1, `version ${String(version)} of the format; ${VERSION} can be read`);
}

function parseLine(line: string, number: number): JsonRecord {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw wrong(number, 'not JSON', cause);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw wrong(number, 'not an object');
  return value as JsonRecord;
}

function readCall(record: JsonRecord, id: number, line: number): Call {
  const beganUs = timeOf(record, 'beganUs', line);
  const end = readEnd(record, line);
  if (end.atUs < beganUs) throw wrong(line, `ends at ${end.atUs} before it begins at ${beganUs}`);
  const client = record['client'];
  if (typeof client !== 'number' || !Number.isSafeInteger(client))
    throw wrong(line, '"client" is not a whole number');
  return { id, client, key: textOf(record, 'key', line), action: readAction(record, line), beganUs, end };
}

function readAction(record: JsonRecord, line: number): Action {
  const kind = record['do'];
  switch (kind) {
    case 'set':
    case 'swap':
      return { kind, value: textOf(record, 'value', line) };
    case 'append':
      return { kind, element: textOf(record, 'element', line) };
    case 'inc': {
      const by = record['by'];
      if (typeof by !== 'number' || !Number.isSafeInteger(by))
        throw wrong(line, '"by" is not a whole number');
      return { kind, by };
    }
    case 'get':
    case 'del':
    case 'total':
    case 'list':
      return { kind };
    default:
      throw wrong(line, `unknown action ${JSON.stringify(kind)}`);
  }
}

function readEnd(record: JsonRecord, line: number): End {
  const kind = record['end'];
  const atUs = timeOf(record, 'atUs', line);
  if (kind === 'unknown' || kind === 'none') return { kind, atUs };
  if (kind !== 'done') throw wrong(line, `"end" is done, unknown or none, not ${JSON.stringify(kind)}`);
  const answer = record['answer'];
  if (answer === undefined) return { kind, atUs };
  if (!isContent(answer)) throw wrong(line, '"answer" is not a text, a number, null or a list of texts');
  return { kind, atUs, answer };
}

function readFault(record: JsonRecord, line: number): FaultRecord {
  const what = textOf(record, 'fault', line);
  return { what, fromUs: timeOf(record, 'fromUs', line), untilUs: timeOf(record, 'untilUs', line) };
}

function isContent(value: unknown): value is Content {
  if (Array.isArray(value)) return value.every((element) => typeof element === 'string');
  return value === null || typeof value === 'string' || Number.isSafeInteger(value);
}

function timeOf(record: JsonRecord, name: string, line: number): number {
  const value = record[name];
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw wrong(line, `"${name}" is not a number of microseconds`);
}

function textOf(record: JsonRecord, name: string, line: number): string {
  const value = record[name];
  if (typeof value === 'string') return value;
  throw wrong(line, `"${name}" is not a text`);
}

function wrong(line: number, what: string, cause?: unknown): QuorateError {
  return new QuorateError('ARGUMENT', `line ${line}: ${what}`, cause === undefined ? {} : { cause });
}
