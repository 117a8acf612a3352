/** What the store needs to know about SQL; `src/sql` is the one implementation outside of tests. */
import type { Parsed, PrepareContext } from '@quorate/core/ports';
import type { CommandInput } from '@quorate/wire';
import type { CatalogReader, SqlCommand, SqlStatement } from './sql/command.ts';

export type SqlLanguage<Catalog = unknown> = {
  /** Once, before anything else. */
  load(): Promise<void>;
  /** Without a catalog, before the store is open, some reads pass for writes. */
  parse(input: CommandInput, catalog: Catalog | undefined): Parsed<SqlCommand>;
  encode(command: SqlCommand): Uint8Array;
  decode(bytes: Uint8Array): SqlCommand;
  explain(input: CommandInput, catalog: Catalog | undefined): string;
  loadCatalog(reader: CatalogReader, epoch: number): Promise<Catalog>;
  /** @throws CommandRefused */
  prepare(command: SqlCommand, catalog: Catalog, context: PrepareContext): SqlCommand;
  /** What to execute before a command that has time or randomness of its own. */
  readonly pin: (command: SqlCommand) => SqlStatement | undefined;
  /** Makes the functions in schema quorate that stand for time and randomness; may be executed again. */
  readonly pinnedFunctions: string;
};
