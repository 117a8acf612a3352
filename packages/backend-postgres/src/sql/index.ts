/** SQL as commands: reading, the bytes in the log, and what makes a write the same on every replica. */
export { Catalog } from './catalog.ts';
export type { CatalogReader, Pins, SqlCommand, SqlStatement } from './command.ts';
export { decodeCommand, encodeCommand } from './command-bytes.ts';
export { explainCommand } from './explain.ts';
export { loadGrammar } from './grammar.ts';
export { SQL } from './language.ts';
export { loadCatalog } from './load-catalog.ts';
export { PINNED_FUNCTIONS_SQL, pinStatement } from './pins.ts';
export { prepareCommand } from './prepare.ts';
export { parseCommand } from './read-input.ts';
