/** Public surface of the segment journal over any disk: re-exports only. `on-files.ts` has the one for machines. */

export { openSegmentDump } from './dump.ts';
export { DEFAULT_SIZES, type SegmentSizes } from './log-writer.ts';
export { SegmentJournal, type SegmentJournalParts } from './segment-journal.ts';
