/** The SQLite journal keeps the contract of the port, on the event loop and in a thread. */
import { journalConformance } from '#src/testing/index.ts';
import { sqliteSubject } from './subjects.ts';

journalConformance('sqlite on the event loop', () => sqliteSubject('main'));
journalConformance('sqlite in a thread', () => sqliteSubject('worker'));
