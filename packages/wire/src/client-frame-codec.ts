/** Frames from a client to a node, as bytes. */
import { ByteReader, ByteWriter, decodeUtf8, encodeUtf8, malformed } from './bytes.ts';
import { type ClientFrame, MAX_REQUEST_COMMANDS, type RequestCommand } from './client-frames.ts';

const HELLO = 1;
const REQUEST = 2;
const OPEN_SESSION = 3;
const CLOSE_SESSION = 4;

const FLAG_STALE = 1;
const FLAG_NO_FORWARD = 2;
const FORM_TEXT = 0;
const FORM_ARGUMENTS = 1;

export function encodeClientFrame(frame: ClientFrame): Uint8Array {
  const out = new ByteWriter();
  writeClientFrame(out, frame);
  return out.bytes();
}

export function writeClientFrame(out: ByteWriter, frame: ClientFrame): void {
  switch (frame.kind) {
    case 'hello':
      out.u8(HELLO);
      out.u16(frame.versionMin);
      out.u16(frame.versionMax);
      out.text(frame.clientName);
      return;
    case 'request':
      writeRequest(out, frame);
      return;
    case 'open-session':
      out.u8(OPEN_SESSION);
      out.u8(frame.noForward ? FLAG_NO_FORWARD : 0);
      out.integer(frame.sequence);
      out.u32(frame.timeoutMs);
      return;
    case 'close-session':
      out.u8(CLOSE_SESSION);
      out.integer(frame.sequence);
      out.integer(frame.session);
      return;
    default:
      return frame satisfies never;
  }
}

function writeRequest(out: ByteWriter, frame: Extract<ClientFrame, { kind: 'request' }>): void {
  out.u8(REQUEST);
  out.u8((frame.consistency === 'stale' ? FLAG_STALE : 0) | (frame.noForward ? FLAG_NO_FORWARD : 0));
  out.integer(frame.session);
  out.integer(frame.ackSequence);
  out.u32(frame.timeoutMs);
  out.u16(frame.commands.length);
  for (const { sequence, input } of frame.commands) {
    out.integer(sequence);
    if (input.form === 'text') {
      out.u8(FORM_TEXT);
      out.block(encodeUtf8(input.text));
    } else {
      out.u8(FORM_ARGUMENTS);
      out.block(input.bytes);
    }
  }
}

export function decodeClientFrame(bytes: Uint8Array): ClientFrame {
  const reader = new ByteReader(bytes);
  const frame = readClientFrame(reader);
  reader.end();
  return frame;
}

function readClientFrame(reader: ByteReader): ClientFrame {
  const type = reader.u8();
  switch (type) {
    case HELLO:
      return {
        kind: 'hello',
        versionMin: reader.u16(),
        versionMax: reader.u16(),
        clientName: reader.text(256),
      };
    case REQUEST:
      return readRequest(reader);
    case OPEN_SESSION: {
      const flags = reader.u8();
      if ((flags & ~FLAG_NO_FORWARD) !== 0) throw malformed(`unknown flags ${flags}`);
      return {
        kind: 'open-session',
        noForward: flags !== 0,
        sequence: reader.integer(),
        timeoutMs: reader.u32(),
      };
    }
    case CLOSE_SESSION:
      return { kind: 'close-session', sequence: reader.integer(), session: reader.integer() };
    default:
      throw malformed(`unknown client frame type ${type}`);
  }
}

function readRequest(reader: ByteReader): ClientFrame {
  const flags = reader.u8();
  if ((flags & ~(FLAG_STALE | FLAG_NO_FORWARD)) !== 0) throw malformed(`unknown flags ${flags}`);
  const session = reader.integer();
  const ackSequence = reader.integer();
  const timeoutMs = reader.u32();
  const count = reader.u16();
  if (count > MAX_REQUEST_COMMANDS)
    throw malformed(`${count} commands are over the limit of ${MAX_REQUEST_COMMANDS}`);
  const commands: RequestCommand[] = [];
  let previous = ackSequence;
  for (let index = 0; index < count; index++) {
    const sequence = reader.integer();
    if (sequence <= previous) throw malformed('sequences must rise and lie above ackSequence');
    previous = sequence;
    const form = reader.u8();
    if (form === FORM_TEXT)
      commands.push({ sequence, input: { form: 'text', text: decodeUtf8(reader.block()) } });
    else if (form === FORM_ARGUMENTS)
      commands.push({ sequence, input: { form: 'arguments', bytes: reader.block() } });
    else throw malformed(`unknown command form ${form}`);
  }
  return {
    kind: 'request',
    session,
    ackSequence,
    consistency: (flags & FLAG_STALE) === 0 ? 'linearizable' : 'stale',
    noForward: (flags & FLAG_NO_FORWARD) !== 0,
    timeoutMs,
    commands,
  };
}
