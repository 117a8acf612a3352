/** SQL as commands: reading, the bytes in the log, and what makes a write the same on every replica. */
export type { CatalogReader, Pins, SqlCommand, SqlStatement } from './command.ts';
export { decodeCommand, encodeCommand } from './command-bytes.ts';
export { loadGrammar } from './grammar.ts';
export { PINNED_FUNCTIONS_SQL, pinStatement } from './pins.ts';
export { parseCommand } from './read-input.ts';
