/**
 * The determinism firewall: from a write as it was sent to a write as it stands in the log, or a refusal with the
 * reason and the way out. Synchronous: everything it asks is in the command and in the catalog's picture.
 */
import { CommandRefused, type PrepareContext } from '@quorate/core/ports';
import { BoundedCache } from './bounded-cache.ts';
import type { Catalog } from './catalog.ts';
import { requireSharedCollations } from './collations.ts';
import type { Pins, SqlCommand, SqlStatement } from './command.ts';
import { examineRows } from './examine-rows.ts';
import { examineSchema } from './examine-schema.ts';
import { type Edit, Findings, type Place, type WatchedParam } from './findings.ts';
import { parseOne, tokensOf } from './grammar.ts';
import { Refusal, refuse } from './refusal.ts';
import { statementKind } from './statement-kind.ts';
import { applyChanges, rewriteStoredCalls } from './stored-code.ts';
import { assertParams } from './watched-text.ts';

/** What examining a statement's text gives, whatever its parameters are. */
export type StatementPlan = {
  /** With `$n` in place of what is frozen; numbers go on after the statement's own. */
  readonly sql: string;
  readonly edits: readonly Edit[];
  readonly watched: readonly WatchedParam[];
  readonly needsTime: boolean;
  readonly needsSeed: boolean;
};

const MAX_PLANS = 2000;
const MAX_PLANNED_LENGTH = 16_384;
const plans = new WeakMap<Catalog, BoundedCache<StatementPlan>>();

/** The command for the log. @throws CommandRefused */
export function prepareCommand(command: SqlCommand, catalog: Catalog, context: PrepareContext): SqlCommand {
  try {
    return freeze(command, catalog, context);
  } catch (error) {
    if (error instanceof Refusal) throw new CommandRefused(error.message, { cause: error });
    throw error;
  }
}

/** @throws Refusal */
export function planCommand(command: SqlCommand, catalog: Catalog): readonly StatementPlan[] {
  const [cast] = catalog.userCasts;
  if (cast !== undefined)
    refuse(
      `the database has a cast of its own (${cast}), which is called where no statement shows it`,
      'DROP CAST',
    );
  return command.statements.map((statement) => {
    const plan = planStatement(statement, command.isDdl === true, catalog);
    assertParams(plan.watched, statement.params);
    return plan;
  });
}

function planStatement({ sql, params }: SqlStatement, isDdl: boolean, catalog: Catalog): StatementPlan {
  const cache = plans.get(catalog) ?? new BoundedCache<StatementPlan>(MAX_PLANS);
  plans.set(catalog, cache);
  const known = cache.get(sql);
  if (known !== undefined) return known;
  const plan = isDdl ? planSchema(sql, catalog) : planRows(sql, params.length, catalog);
  if (sql.length <= MAX_PLANNED_LENGTH) cache.set(sql, plan);
  return plan;
}

function planRows(sql: string, paramCount: number, catalog: Catalog): StatementPlan {
  const tree = parseOne(sql);
  if (statementKind(tree) === 'schema')
    refuse('the command changes the schema and does something else as well', 'send the schema change alone');
  requireSharedCollations(tree);
  const findings = new Findings();
  examineRows(tree, undefined, { catalog, findings, origin: 'statement', isPerRow: false });
  const edits = [...new Map(findings.edits.map((edit) => [edit.at, edit])).values()];
  const numbered = numberValues(edits);
  return {
    sql: replaceCalls(sql, edits, numbered, paramCount),
    edits: numbered,
    watched: findings.watched,
    needsTime: findings.needsTime,
    needsSeed: findings.needsSeed,
  };
}

/** Kinds of statements that store code, or compute something for the rows that are there. */
const STORING = new Set([
  'CreateStmt',
  'CreateTableAsStmt',
  'AlterTableStmt',
  'ViewStmt',
  'CreateFunctionStmt',
  'CreateTrigStmt',
  'CreateDomainStmt',
  'AlterDomainStmt',
]);

function planSchema(sql: string, catalog: Catalog): StatementPlan {
  const rewritten = STORING.has(parseOne(sql).kind) ? rewriteStoredCalls(sql) : sql;
  const findings = new Findings();
  const place: Place = { catalog, findings, origin: { stored: 'the statement' }, isPerRow: false };
  const tree = parseOne(rewritten);
  requireSharedCollations(tree);
  examineSchema(tree, place);
  return {
    sql: rewritten,
    edits: [],
    watched: [],
    needsTime: findings.needsTime,
    needsSeed: findings.needsSeed,
  };
}

/** One time is one parameter however often it is asked for, so that GROUP BY sees the same expression; chance is not. */
function numberValues(edits: readonly Edit[]): readonly Edit[] {
  return edits.filter(
    (edit, index) => edit.what !== 'time' || index === edits.findIndex((other) => isSameTime(edit, other)),
  );
}

function isSameTime(left: Edit, right: Edit): boolean {
  return left.what === 'time' && right.what === 'time' && left.type === right.type;
}

/** `now()` becomes `$3::timestamptz`. The call is found again by its place; its end by its words. */
function replaceCalls(
  sql: string,
  edits: readonly Edit[],
  values: readonly Edit[],
  paramCount: number,
): string {
  if (edits.length === 0) return sql;
  const tokens = tokensOf(sql);
  const changes = edits.map((edit) => {
    const number = paramCount + 1 + values.findIndex((value) => value === edit || isSameTime(value, edit));
    let at = tokens.findIndex((token) => token.start === edit.at);
    if (at === -1)
      return refuse('a call that is to be frozen was not found in the text', 'write it in another way');
    const start = edit.at;
    while (tokens[at + 1]?.text === '.') at += 2; // pg_catalog.now()
    if (tokens[at + 1]?.text === '(') at += tokens[at + 2]?.text === ')' ? 2 : 3; // now() and CURRENT_TIMESTAMP(3)
    return { start, end: tokens[at]?.end ?? start, text: `$${number}::${edit.type}` };
  });
  return applyChanges(sql, changes);
}

function freeze(command: SqlCommand, catalog: Catalog, context: PrepareContext): SqlCommand {
  const planned = planCommand(command, catalog);
  const now = timeText(context.nowMs);
  const statements = command.statements.map(({ params }, index) => {
    const plan = planned[index] as StatementPlan;
    return {
      sql: plan.sql,
      params: [...params, ...plan.edits.map((edit) => frozenValue(edit, now, context))],
    };
  });
  const pins: Pins = {
    ...(planned.some((plan) => plan.needsTime) && { now }),
    ...(planned.some((plan) => plan.needsSeed) && { seed: hex(context.random(16)) }),
  };
  return {
    statements,
    ...(command.isDdl === true && { isDdl: true }),
    catalogEpoch: catalog.epoch,
    ...(Object.keys(pins).length > 0 && { pins }),
  };
}

/** Every type that a time is frozen to reads the same text, in the pinned time zone UTC. */
function frozenValue({ what }: Edit, now: string, context: PrepareContext): string {
  if (what === 'time') return now;
  const bytes = context.random(16);
  if (what === 'float8') return fraction(bytes);
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
  const digits = hex(bytes);
  return [0, 8, 12, 16, 20].map((from, index) => digits.slice(from, [8, 12, 16, 20, 32][index])).join('-');
}

function timeText(ms: number): string {
  return new Date(ms).toISOString().replace('T', ' ').replace('Z', '+00');
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** From 0 to just below 1, with 48 bits. */
function fraction(bytes: Uint8Array): string {
  return String(bytes.subarray(0, 6).reduce((sum, byte) => sum * 256 + byte, 0) / 2 ** 48);
}
