/**
 * Decoded messages hold views into the frame they came in, and the frame's memory belongs to the socket. What a
 * replica keeps gets memory of its own: one copy per value, and a small value does not pin a large read buffer.
 */
import type { Message } from '../protocol/message.ts';
import type { AcceptedEntry, Value } from '../protocol/types.ts';

export function ownBytes(message: Message): Message {
  switch (message.kind) {
    case 'accept':
      return { ...message, value: ownValue(message.value) };
    case 'promise':
    case 'catch-up-reply':
      return { ...message, entries: message.entries.map(ownEntry) };
    default:
      return message;
  }
}

function ownEntry(entry: AcceptedEntry): AcceptedEntry {
  return { ...entry, value: ownValue(entry.value) };
}

function ownValue(value: Value): Value {
  // A view's `slice` of a Node buffer may be a view again; this constructor always copies.
  return value.kind === 'noop' ? value : { ...value, bytes: new Uint8Array(value.bytes) };
}
