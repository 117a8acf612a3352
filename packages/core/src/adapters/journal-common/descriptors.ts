/** What to say when no file can be opened because there are too many open ones. */

/**
 * What a journal in segments has open at most: lock, witness and peers; two for the segment that is written and two for the
 * next; eight segments that were read, one that is being opened and one that is being sealed; the directory.
 */
export const MAX_JOURNAL_DESCRIPTORS = 18;

/** Undefined when `code` is about something else. */
export function describeNoDescriptors(code: string): string | undefined {
  if (code === 'ENFILE')
    return 'the system has no file descriptor left: close other programs, or raise fs.file-max';
  if (code !== 'EMFILE') return undefined;
  const limit = openFilesLimit();
  const known = limit === undefined ? '' : `, which is ${limit}`;
  return `this process has no file descriptor left: raise its limit of open files (ulimit -n${known}) above the number of its connections, by ${MAX_JOURNAL_DESCRIPTORS} for the journal and what the backend needs`;
}

/** Asked of the process itself: reading it anywhere would take a descriptor. */
function openFilesLimit(): string | undefined {
  try {
    // Else it would look up the name of each peer.
    Object.assign(process.report, { excludeNetwork: true });
    const { userLimits } = process.report.getReport() as { userLimits?: Limits };
    const soft = userLimits?.open_files?.soft;
    return soft === undefined ? undefined : String(soft);
  } catch {
    // A number in a message: it goes without.
    return undefined;
  }
}

type Limits = { readonly open_files?: { readonly soft?: number | string } };
