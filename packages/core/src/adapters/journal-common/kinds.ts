/** Which kind of journal a directory holds, by the names in it, and the refusal of the other kind. */
import { QuorateError } from '@quorate/wire';

export type JournalKind = 'segments' | 'sqlite';

/** Undefined for a directory without a journal. */
export function kindOf(names: readonly string[]): JournalKind | undefined {
  if (names.includes('journal.db')) return 'sqlite';
  return names.some((name) => /^(?:segment|identity)-\d+$/.test(name)) ? 'segments' : undefined;
}

/** @throws JOURNAL_FOREIGN */
export function refuseOtherKind(names: readonly string[], wanted: JournalKind, directory: string): void {
  const kind = kindOf(names);
  if (kind === undefined || kind === wanted) return;
  throw new QuorateError(
    'JOURNAL_FOREIGN',
    `the journal in ${directory} is of the kind "${kind}", but this node is set to "${wanted}": write "journal: ${kind}" into the settings`,
    { details: { directory, kind } },
  );
}
