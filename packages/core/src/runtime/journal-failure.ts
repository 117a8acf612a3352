/** Which errors say that the journal itself has failed. They end the node; nothing may be acknowledged after one. */
import { QuorateError } from '@quorate/wire';

export function isJournalFailure(error: unknown): error is QuorateError {
  return error instanceof QuorateError && (error.code === 'JOURNAL_IO' || error.code === 'JOURNAL_CORRUPT');
}
