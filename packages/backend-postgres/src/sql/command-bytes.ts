/**
 * The bytes of a command in the log. Canonical: one command, one byte string. All numbers little-endian.
 *
 *   u8 format (1) | u8 flags (1: isDdl, 2: catalogEpoch follows, 4: pins follow)
 *   [ f64 catalogEpoch ] [ text now | text seed, each empty when absent ]
 *   u16 statements | per statement: text sql | u16 params | per param: u8 isPresent [ text value ]
 */
import { ByteReader, ByteWriter, malformed } from '@quorate/wire';
import type { Pins, SqlCommand, SqlStatement } from './command.ts';

/** Longer texts cannot come: a command as a whole is bounded by the framework below this. */
const MAX_TEXT_BYTES: number = 256 * 1024 * 1024;
const FORMAT = 1;
const IS_DDL = 1;
const HAS_EPOCH = 2;
const HAS_PINS = 4;

export function encodeCommand(command: SqlCommand): Uint8Array {
  const out = new ByteWriter(256);
  out.u8(FORMAT);
  out.u8(flagsOf(command));
  if (command.catalogEpoch !== undefined) out.integer(command.catalogEpoch);
  if (command.pins !== undefined) {
    out.text(command.pins.now ?? '');
    out.text(command.pins.seed ?? '');
  }
  out.u16(command.statements.length);
  for (const statement of command.statements) writeStatement(out, statement);
  return out.bytes();
}

function flagsOf(command: SqlCommand): number {
  return (
    (command.isDdl === true ? IS_DDL : 0) |
    (command.catalogEpoch === undefined ? 0 : HAS_EPOCH) |
    (command.pins === undefined ? 0 : HAS_PINS)
  );
}

function writeStatement(out: ByteWriter, { sql, params }: SqlStatement): void {
  out.text(sql);
  out.u16(params.length);
  for (const value of params) {
    out.u8(value === null ? 0 : 1);
    if (value !== null) out.text(value);
  }
}

/** @throws QuorateError WIRE_MALFORMED when `encodeCommand` did not make these bytes */
export function decodeCommand(bytes: Uint8Array): SqlCommand {
  const reader = new ByteReader(bytes);
  const format = reader.u8();
  if (format !== FORMAT) throw malformed(`unknown format ${format} of an SQL command`);
  const flags = reader.u8();
  if (flags > (IS_DDL | HAS_EPOCH | HAS_PINS)) throw malformed(`unknown flags ${flags} of an SQL command`);
  const catalogEpoch = (flags & HAS_EPOCH) === 0 ? undefined : reader.integer();
  const pins = (flags & HAS_PINS) === 0 ? undefined : readPins(reader);
  const count = reader.u16();
  const statements: SqlStatement[] = [];
  for (let index = 0; index < count; index++) statements.push(readStatement(reader));
  reader.end();
  return {
    statements,
    ...((flags & IS_DDL) !== 0 && { isDdl: true }),
    ...(catalogEpoch !== undefined && { catalogEpoch }),
    ...(pins !== undefined && { pins }),
  };
}

function readPins(reader: ByteReader): Pins {
  const now = readText(reader);
  const seed = readText(reader);
  return { ...(now !== '' && { now }), ...(seed !== '' && { seed }) };
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Bytes that are no UTF-8 would come back as others. */
function readText(reader: ByteReader): string {
  const bytes = reader.block(MAX_TEXT_BYTES);
  try {
    return decoder.decode(bytes);
  } catch {
    throw malformed('a text that is not UTF-8');
  }
}

function readStatement(reader: ByteReader): SqlStatement {
  const sql = readText(reader);
  const count = reader.u16();
  const params: (string | null)[] = [];
  for (let index = 0; index < count; index++) {
    const isPresent = reader.u8();
    if (isPresent > 1) throw malformed(`a parameter is neither present nor NULL: ${isPresent}`);
    params.push(isPresent === 0 ? null : readText(reader));
  }
  return { sql, params };
}
