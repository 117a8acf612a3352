/** The segment journal keeps the contract of the port: on files, and in segments so small that it changes them all the time, and
 * without descriptors that write through. */
import { journalConformance } from '#src/testing/index.ts';
import { segmentSubject } from './subjects.ts';

journalConformance('segments', () => segmentSubject());
journalConformance('segments of a few kilobytes', () =>
  segmentSubject({ sizes: { firstBytes: 2048, maxBytes: 8192 } }),
);
journalConformance('segments, flushed after each write', () => segmentSubject({ writesThrough: false }));
