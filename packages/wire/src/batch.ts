/**
 * The bytes inside a slot: a batch of groups. One group holds commands of one session in rising sequence, or
 * opens or closes a session. These are the same bytes on the wire, in the journal and at the backend's door.
 *
 *   group commands:  u8 1 | f64 session | f64 ackSequence | u16 count | { f64 sequence | u32 length | bytes } x count
 *   group open:      u8 2
 *   group close:     u8 3 | f64 session
 *
 * Command bytes are what the backend's `encode` gave. Decoding gives views, not copies.
 */
import { ByteReader, type ByteWriter, malformed } from './bytes.ts';

export type BatchGroup =
  | {
      readonly kind: 'commands';
      readonly session: number;
      readonly ackSequence: number;
      /** Ascending by sequence. */
      readonly commands: readonly BatchCommand[];
    }
  | { readonly kind: 'open' }
  | { readonly kind: 'close'; readonly session: number };

export type BatchCommand = { readonly sequence: number; readonly bytes: Uint8Array };

const COMMANDS = 1;
const OPEN = 2;
const CLOSE = 3;

export function writeGroup(out: ByteWriter, group: BatchGroup): void {
  switch (group.kind) {
    case 'commands':
      out.u8(COMMANDS);
      out.integer(group.session);
      out.integer(group.ackSequence);
      out.u16(group.commands.length);
      for (const { sequence, bytes } of group.commands) {
        out.integer(sequence);
        out.block(bytes);
      }
      return;
    case 'open':
      out.u8(OPEN);
      return;
    case 'close':
      out.u8(CLOSE);
      out.integer(group.session);
      return;
    default:
      return group satisfies never;
  }
}

/**
 * Writes a group of commands without making objects: `beginGroup`, `addCommand` for each, `endGroup` with what
 * `beginGroup` returned. At most 65,535 commands.
 */
export function beginGroup(out: ByteWriter, session: number, ackSequence: number): number {
  out.u8(COMMANDS);
  out.integer(session);
  out.integer(ackSequence);
  const countOffset = out.length;
  out.u16(0);
  return countOffset;
}

export function addCommand(out: ByteWriter, sequence: number, bytes: Uint8Array): void {
  out.integer(sequence);
  out.block(bytes);
}

export function endGroup(out: ByteWriter, countOffset: number, count: number): void {
  out.patchU16(countOffset, count);
}

/** Reads one group and leaves the reader behind it. */
export function readGroup(reader: ByteReader): BatchGroup {
  const kind = reader.u8();
  switch (kind) {
    case COMMANDS: {
      const session = reader.integer();
      const ackSequence = reader.integer();
      const count = reader.u16();
      const commands: BatchCommand[] = [];
      let previous = 0;
      for (let index = 0; index < count; index++) {
        const sequence = reader.integer();
        if (sequence <= previous) throw malformed('sequences of a group must rise');
        previous = sequence;
        commands.push({ sequence, bytes: reader.block() });
      }
      return { kind: 'commands', session, ackSequence, commands };
    }
    case OPEN:
      return { kind: 'open' };
    case CLOSE:
      return { kind: 'close', session: reader.integer() };
    default:
      throw malformed(`unknown group kind ${kind}`);
  }
}

/** All groups of a slot's bytes, in order. Throws `WIRE_MALFORMED`. */
export function decodeBatch(bytes: Uint8Array): BatchGroup[] {
  const reader = new ByteReader(bytes);
  const groups: BatchGroup[] = [];
  while (reader.remaining > 0) groups.push(readGroup(reader));
  return groups;
}

/**
 * Walks over the groups of a slot's bytes and their commands without making an object of each. The fields say what the
 * last call of `nextGroup` or `nextCommand` found. Throws `WIRE_MALFORMED` where `decodeBatch` does.
 */
export class BatchCursor {
  readonly #reader: ByteReader;
  kind: BatchGroup['kind'] = 'open';
  /** 0 for an `open` group. */
  session = 0;
  ackSequence = 0;
  /** Commands of the group; 0 for the other kinds. */
  count = 0;
  sequence = 0;
  /** Where the command's bytes lie in the slot's. */
  start = 0;
  end = 0;
  #left = 0;

  constructor(bytes: Uint8Array) {
    this.#reader = new ByteReader(bytes);
  }

  /** To be called when all commands of the group before were walked over. False at the end. */
  nextGroup(): boolean {
    const reader = this.#reader;
    if (reader.remaining === 0) return false;
    const kind = reader.u8();
    this.session = 0;
    this.count = 0;
    this.sequence = 0;
    if (kind === COMMANDS) {
      this.kind = 'commands';
      this.session = reader.integer();
      this.ackSequence = reader.integer();
      this.count = reader.u16();
    } else if (kind === CLOSE) {
      this.kind = 'close';
      this.session = reader.integer();
    } else if (kind === OPEN) this.kind = 'open';
    else throw malformed(`unknown group kind ${kind}`);
    this.#left = this.count;
    return true;
  }

  /** False when the group has no more commands. */
  nextCommand(): boolean {
    if (this.#left === 0) return false;
    this.#left -= 1;
    const reader = this.#reader;
    const sequence = reader.integer();
    if (sequence <= this.sequence) throw malformed('sequences of a group must rise');
    this.sequence = sequence;
    const length = reader.u32();
    this.start = reader.skip(length);
    this.end = this.start + length;
    return true;
  }
}
