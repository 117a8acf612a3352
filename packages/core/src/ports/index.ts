/** The interfaces that the world implements for the framework: re-exports only. */

export type { Lane } from '../protocol/message.ts';
export type { JournalImage, JournalWrite } from '../protocol/replica-types.ts';
export {
  type AcceptedEntry,
  asNodeId,
  asSlot,
  type Ballot,
  type ChosenEntry,
  type NodeId,
  type Slot,
  type Value,
} from '../protocol/types.ts';
export * from './backend.ts';
export * from './backend-image.ts';
export * from './chunk-reader.ts';
export * from './client-listener.ts';
export * from './clock.ts';
export * from './cut-text.ts';
export * from './define-backend.ts';
export * from './fingerprint.ts';
export * from './journal.ts';
export * from './journal-disk.ts';
export * from './logger.ts';
export { type DataOrder, MAX_DATA_DEPTH, type PlainData } from './plain-data.ts';
export { decodeData } from './plain-data-decode.ts';
export { encodeData } from './plain-data-encode.ts';
export * from './transport.ts';
export * from './words.ts';
