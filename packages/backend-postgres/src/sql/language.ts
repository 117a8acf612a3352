/** SQL as the store wants it: `SqlLanguage`, answered by the files of this folder. */
import type { SqlLanguage } from '../sql-language.ts';
import type { Catalog } from './catalog.ts';
import { decodeCommand, encodeCommand } from './command-bytes.ts';
import { explainCommand } from './explain.ts';
import { loadGrammar } from './grammar.ts';
import { loadCatalog } from './load-catalog.ts';
import { PINNED_FUNCTIONS_SQL, pinStatement } from './pins.ts';
import { prepareCommand } from './prepare.ts';
import { parseCommand } from './read-input.ts';

export const SQL: SqlLanguage<Catalog> = {
  load: loadGrammar,
  parse: (input, catalog) => parseCommand(input, catalog?.writingFunctions),
  encode: encodeCommand,
  decode: decodeCommand,
  explain: explainCommand,
  loadCatalog,
  prepare: prepareCommand,
  pin: pinStatement,
  pinnedFunctions: PINNED_FUNCTIONS_SQL,
};
