/** The bytes that nodes pass on for clients of other nodes: a group of commands one way, answers the other. */
import { ByteReader, decodeNodeFrame, type NodeFrame, QuorateError, readGroup } from '@quorate/wire';
import type { Backend } from '../ports/backend.ts';

/**
 * Sequences of the one group in these bytes; undefined when they are not exactly one group of commands that the backend
 * can read. What cannot be read must not reach the log: every node would stop at it.
 */
export function sequencesOf(bytes: Uint8Array, backend: Backend | undefined): readonly number[] | undefined {
  try {
    const reader = new ByteReader(bytes);
    const group = readGroup(reader);
    reader.end();
    if (group.kind !== 'commands') return [0];
    for (const command of backend === undefined ? [] : group.commands) {
      if (backend?.admit?.(command.bytes) === undefined) backend?.decode(command.bytes);
    }
    return group.commands.map((command) => command.sequence);
  } catch {
    // Whatever a decoder throws says the same: these bytes are not a command. The caller counts it.
    return undefined;
  }
}

/** The answers that a leader sent back; undefined when these bytes are something else. */
export function responsesOf(bytes: Uint8Array): Extract<NodeFrame, { kind: 'responses' }> | undefined {
  try {
    const frame = decodeNodeFrame(bytes);
    return frame.kind === 'responses' ? frame : undefined;
  } catch (error) {
    if (error instanceof QuorateError) return undefined;
    throw error;
  }
}
