/** The segment journal keeps the contract of the port: on files, and in segments so small that it changes them all the time. */
import { journalConformance } from '#src/testing/index.ts';
import { segmentSubject } from './segment-subject.ts';

journalConformance('segments', () => segmentSubject());
journalConformance('segments of a few kilobytes', () => segmentSubject({ firstBytes: 2048, maxBytes: 8192 }));
