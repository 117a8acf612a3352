/**
 * Functions and procedures of users: their bodies are read, in SQL or PL/pgSQL, with the same eyes as statements.
 * What the catalog says of their volatility is not believed. Recursion is refused.
 */
import { type Catalog, isSystem, type SqlFunction } from './catalog.ts';
import { KNOWN_EXTENSIONS } from './examine-call.ts';
import { examineExpression } from './examine-expression.ts';
import { examinePlPgSql } from './examine-plpgsql.ts';
import { examineQuery } from './examine-query.ts';
import { examineRows } from './examine-rows.ts';
import { remembered } from './examine-stored.ts';
import { Findings, type Place } from './findings.ts';
import { deniedFunction } from './function-lists.ts';
import { parseOne, parseStatements } from './grammar.ts';
import { refuse } from './refusal.ts';
import { EMPTY_SCOPE, type MaybeType, type QueryShape, type Scope } from './scope.ts';
import { nodeOf, nodesOf, type SqlNode } from './tree.ts';

/** @throws Refusal */
export function examineFunction(called: SqlFunction, catalog: Catalog): Findings {
  return remembered(catalog, `function ${called.name}:${called.oid}`, () => {
    if (isSystem(called.schema)) return examineBuiltInTrigger(called);
    if (called.extension !== undefined) return examineExtensionFunction(called, called.extension);
    if (called.functionKind === 'a' || called.functionKind === 'w')
      refuse(`${called.name}() is an aggregate of one's own`, 'use built-in aggregates');
    if (called.hasSettings)
      refuse(`${called.name}() has settings of its own (SET ...)`, 'create it without them');
    const defaults = examineArgumentDefaults(called, catalog);
    if (called.language === 'plpgsql') return defaults.with(examinePlPgSql(called, catalog));
    if (called.language === 'sql') return defaults.with(examineSqlFunction(called, catalog));
    return refuse(
      `${called.name}() is written in ${called.language}, which cannot be examined`,
      'write it in SQL or PL/pgSQL',
    );
  });
}

/** A call may leave out arguments: their defaults run then. */
function examineArgumentDefaults(called: SqlFunction, catalog: Catalog): Findings {
  const place: Place = {
    catalog,
    findings: new Findings(),
    origin: { stored: `an argument's default of the function ${called.name}` },
    isPerRow: false,
  };
  if (called.defaults === 0) return place.findings;
  for (const parameter of nodesOf(parseOne(called.definition ?? ''), 'parameters')) {
    const value = nodeOf(parameter, 'defexpr');
    if (value !== undefined) examineExpression(value, EMPTY_SCOPE, place);
  }
  return place.findings;
}

const TRIGGERS_OF_THE_SYSTEM = new Set(['suppress_redundant_updates_trigger', 'tsvector_update_trigger']);

function examineBuiltInTrigger({ name }: SqlFunction): Findings {
  if (!TRIGGERS_OF_THE_SYSTEM.has(name))
    refuse(`${name}() is not known as a function of triggers`, 'write one in PL/pgSQL');
  return new Findings();
}

function examineExtensionFunction(called: SqlFunction, extension: string): Findings {
  const denied = deniedFunction(called.name);
  if (denied !== undefined) refuse(`${called.name}() is refused: ${denied[0]}`, denied[1]);
  if (!KNOWN_EXTENSIONS.has(extension) || called.volatility === 'v')
    refuse(
      `${called.name}() belongs to the extension ${extension}, and is not known to depend on its arguments alone`,
      'use a value from your program',
    );
  return new Findings();
}

function examineSqlFunction(called: SqlFunction, catalog: Catalog): Findings {
  const findings = new Findings();
  const place: Place = {
    catalog,
    findings,
    origin: { stored: `the function ${called.name}` },
    isPerRow: false,
    parameters: called.arguments,
  };
  const variables = new Map<string, MaybeType>(
    called.argumentNames.map((name, index) => [name, called.arguments[index]]),
  );
  const scope: Scope = { ...EMPTY_SCOPE, variables };
  const statements = bodyOf(called);
  let last: QueryShape | undefined;
  for (const statement of statements) last = examineBodyStatement(statement, scope, place);
  if (!called.returnsSet && called.functionKind === 'f' && last?.order === 'any')
    refuse(
      `${called.name}() returns the first of several rows in no certain order`,
      'add ORDER BY over a unique key to its SELECT',
    );
  return findings;
}

/** A body between quotes is text; one that begins with BEGIN ATOMIC or RETURN is part of the statement's tree. */
function bodyOf(called: SqlFunction): readonly SqlNode[] {
  if (called.body.trim() !== '') return parseStatements(called.body).map(({ tree }) => tree);
  const body = nodeOf(parseOne(called.definition ?? ''), 'sql_body');
  if (body === undefined) return refuse(`${called.name}() has no body that can be read`, 'create it again');
  if (body.kind === 'ReturnStmt') {
    const value = nodeOf(body, 'returnval');
    return value === undefined
      ? []
      : [{ kind: 'SelectStmt', op: 'SETOP_NONE', targetList: [{ kind: 'ResTarget', val: value }] }];
  }
  return nodesOf(body, 'items').flatMap((each) => (each.kind === 'List' ? nodesOf(each, 'items') : [each]));
}

/** One statement of a body, in either language. @throws Refusal */
export function examineBodyStatement(statement: SqlNode, scope: Scope, place: Place): QueryShape {
  if (statement.kind === 'SelectStmt') return examineQuery(statement, scope, place);
  place.findings.writes = true;
  return examineRows(statement, scope, place);
}
