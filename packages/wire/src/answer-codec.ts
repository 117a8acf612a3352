/** One answer to a command, as bytes: a result, an echo, a session, or an error with what is known of the outcome. */
import { type ByteReader, type ByteWriter, malformed } from './bytes.ts';
import type { Answer } from './client-frames.ts';
import { ERRORS, type ErrorCode, type ErrorDetails, errorCodeOf } from './errors.ts';
import { type Result, readResult, writeResult } from './result.ts';

export const ANSWER_RESULT = 0;
const ANSWER_SESSION = 1;
const ANSWER_ERROR = 2;
export const ANSWER_ECHO = 3;

/** One answer. A node appends answers one by one to the frame that `ResponseBuffer` builds. */
export function writeAnswer(out: ByteWriter, answer: Answer): void {
  if (answer.kind === 'result') {
    writeResultAnswer(out, answer.sequence, answer.slot, answer.result);
    return;
  }
  out.integer(answer.sequence);
  switch (answer.kind) {
    case 'session':
      out.u8(ANSWER_SESSION);
      out.integer(answer.session);
      return;
    case 'echo':
      out.u8(ANSWER_ECHO);
      out.integer(answer.slot);
      out.u32(answer.start);
      out.u32(answer.end);
      return;
    case 'error':
      out.u8(ANSWER_ERROR);
      out.u16(ERRORS[answer.code].number);
      out.u8(answer.outcome === 'none' ? 0 : 1);
      out.text(answer.message);
      writeDetails(out, answer.details);
      return;
    default:
      return answer satisfies never;
  }
}

/** The hot one: from the parts, without an object. */
export function writeResultAnswer(out: ByteWriter, sequence: number, slot: number, result: Result): void {
  out.integer(sequence);
  out.u8(ANSWER_RESULT);
  out.integer(slot);
  writeResult(out, result);
}

export function readAnswer(reader: ByteReader): Answer {
  const sequence = reader.integer();
  const kind = reader.u8();
  switch (kind) {
    case ANSWER_RESULT:
      return { sequence, kind: 'result', slot: reader.integer(), result: readResult(reader) };
    case ANSWER_ECHO:
      return readEcho(reader, sequence);
    case ANSWER_SESSION:
      return { sequence, kind: 'session', session: reader.integer() };
    case ANSWER_ERROR:
      return {
        sequence,
        kind: 'error',
        code: readErrorCode(reader),
        outcome: reader.flag() ? 'unknown' : 'none',
        message: reader.text(),
        details: readDetails(reader),
      };
    default:
      throw malformed(`unknown answer kind ${kind}`);
  }
}

function readEcho(reader: ByteReader, sequence: number): Answer {
  const slot = reader.integer();
  const start = reader.u32();
  const end = reader.u32();
  if (end < start) throw malformed(`an echo ends at ${end}, before its start at ${start}`);
  return { sequence, kind: 'echo', slot, start, end };
}

export function readErrorCode(reader: ByteReader): ErrorCode {
  const number = reader.u16();
  const code = errorCodeOf(number);
  if (code === undefined) throw malformed(`unknown error number ${number}`);
  return code;
}

const MAX_DETAILS = 16;

function writeDetails(out: ByteWriter, details: ErrorDetails): void {
  const entries = Object.entries(details).slice(0, MAX_DETAILS);
  out.u8(entries.length);
  for (const [key, value] of entries) {
    out.text(key);
    out.u8(typeof value === 'number' ? 1 : 0);
    out.text(String(value));
  }
}

function readDetails(reader: ByteReader): ErrorDetails {
  const count = reader.u8();
  if (count > MAX_DETAILS) throw malformed(`${count} error details are over the limit of ${MAX_DETAILS}`);
  const details = Object.create(null) as Record<string, string | number>;
  for (let index = 0; index < count; index++) {
    const key = reader.text(256);
    const isNumber = reader.flag();
    const value = reader.text();
    details[key] = isNumber ? Number(value) : value;
  }
  return details;
}
