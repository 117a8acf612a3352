/**
 * The body of a PL/pgSQL function. Assignments need a second look: PL/pgSQL turns any text into the type of the
 * variable, so that a text 'now' from a table would read the clock where no cast is to be seen.
 */
import { cutText } from '@quorate/core/ports';
import type { Catalog, SqlFunction } from './catalog.ts';
import { examineOperand } from './examine-expression.ts';
import { examineBodyStatement } from './examine-function.ts';
import { Findings, type Place } from './findings.ts';
import { parseOne, parsePlPgSql, tokensOf } from './grammar.ts';
import { refuse } from './refusal.ts';
import { EMPTY_SCOPE, type MaybeType, type QueryShape, type Scope, type ScopeTable } from './scope.ts';
import { isTextLike, isTimeLike, typeNamed } from './sql-types.ts';
import { nodeOf, nodesOf } from './tree.ts';

type Json = { readonly [field: string]: unknown };

type Body = {
  readonly called: SqlFunction;
  readonly scope: Scope;
  readonly place: Place;
  /** By number, as the tree refers to them. */
  readonly variables: readonly Variable[];
};

type Variable = { readonly name: string; readonly type: MaybeType; readonly isScalar: boolean };

const ALLOWED = new Set(
  `block assign if case loop while fori return return_next return_query raise assert exit execsql perform call getdiag
  fors foreach_a`.split(/\s+/),
);

const REFUSED: Readonly<Record<string, readonly [string, string]>> = {
  dynexecute: ['runs SQL that is put together as a text (EXECUTE)', 'write the statement itself'],
  dynfors: ['runs SQL that is put together as a text (EXECUTE)', 'write the statement itself'],
  open: ['uses a cursor', 'use FOR ... IN SELECT ... ORDER BY a unique key'],
  forc: ['uses a cursor', 'use FOR ... IN SELECT ... ORDER BY a unique key'],
  fetch: ['uses a cursor', 'use FOR ... IN SELECT ... ORDER BY a unique key'],
  close: ['uses a cursor', 'use FOR ... IN SELECT ... ORDER BY a unique key'],
  commit: ['ends the transaction, which holds other commands as well', 'leave out COMMIT'],
  rollback: ['ends the transaction, which holds other commands as well', 'leave out ROLLBACK'],
};

/** @throws Refusal */
export function examinePlPgSql(called: SqlFunction, catalog: Catalog): Findings {
  const tree = parsePlPgSql(called.definition ?? '');
  const found = (tree as { plpgsql_funcs?: readonly Json[] }).plpgsql_funcs?.[0]?.['PLpgSQL_function'] as
    | Json
    | undefined;
  if (found === undefined) return refuse(`the body of ${called.name}() cannot be read`, 'create it again');
  const place: Place = {
    catalog,
    findings: new Findings(),
    origin: { stored: `the function ${called.name}` },
    isPerRow: false,
    parameters: called.arguments,
  };
  const datums = (found['datums'] ?? []) as readonly Json[];
  const variables = datums.map((datum) => variableOf(datum, called, place));
  const scope: Scope = {
    ...EMPTY_SCOPE,
    tables: [...rowsOfTrigger(called, catalog), ...recordsOf(datums)],
    variables: new Map(variables.map(({ name, type }) => [name, type])),
  };
  const body: Body = { called, scope, place, variables };
  for (const [index, datum] of datums.entries()) examineInitial(datum, index, body);
  visit(found['action'], body);
  return place.findings;
}

function variableOf(datum: Json, called: SqlFunction, place: Place): Variable {
  const [[kind, fields] = ['', {}]] = Object.entries(datum) as [string, Json][];
  const name = textIn(fields, 'refname') || textIn(fields, 'fieldname');
  if (kind === 'PLpgSQL_recfield')
    return { name: `.${name}`, type: fieldType(fields, datum, called, place), isScalar: true };
  const typeName = textIn(
    ((fields['datatype'] as Json | undefined)?.['PLpgSQL_type'] ?? {}) as Json,
    'typname',
  );
  return {
    name,
    type: kind === 'PLpgSQL_var' ? typeOfText(typeName, place) : undefined,
    isScalar: kind === 'PLpgSQL_var',
  };
}

/** A field of NEW has the type that the trigger's tables agree on. */
function fieldType(fields: Json, _datum: Json, called: SqlFunction, { catalog }: Place): MaybeType {
  if (typeof fields['recparentno'] === 'number' && fields['recparentno'] > 1) return undefined;
  const [row] = rowsOfTrigger(called, catalog);
  return row?.columns?.get(textIn(fields, 'fieldname'));
}

function typeOfText(typeName: string, place: Place): MaybeType {
  if (typeName === '' || typeName.includes('%')) return undefined;
  const [target] = nodesOf(parseOne(`select null::${typeName}`), 'targetList');
  const cast = target === undefined ? undefined : nodeOf(target, 'val');
  const node = cast === undefined ? undefined : nodeOf(cast, 'typeName');
  return node === undefined ? undefined : typeNamed(node, place.catalog)?.type;
}

/** NEW and OLD, with the columns that all tables with this trigger function share. */
function rowsOfTrigger(called: SqlFunction, catalog: Catalog): readonly ScopeTable[] {
  const tables = [...catalog.relations.values()].filter((relation) =>
    relation.triggers.some(({ functionOid }) => functionOid === called.oid),
  );
  const [first] = tables;
  if (first === undefined) return ['new', 'old'].map((name) => ({ name, columns: undefined }));
  const columns = new Map<string, MaybeType>();
  for (const { name, type } of first.columns.values())
    columns.set(name, tables.every((table) => table.columns.get(name)?.type === type) ? type : undefined);
  for (const table of tables)
    for (const name of table.columns.keys()) if (!columns.has(name)) columns.set(name, undefined);
  return ['new', 'old'].map((name) => ({ name, columns }));
}

/** RECORD variables: any column. */
function recordsOf(datums: readonly Json[]): readonly ScopeTable[] {
  return datums.flatMap((datum) => {
    const name = textIn((datum['PLpgSQL_rec'] ?? {}) as Json, 'refname');
    return name === '' || name === 'new' || name === 'old' ? [] : [{ name, columns: undefined }];
  });
}

function examineInitial(datum: Json, index: number, body: Body): void {
  const fields = (datum['PLpgSQL_var'] ?? datum['PLpgSQL_rec'] ?? {}) as Json;
  const initial = fields['default_val'];
  if (initial !== undefined) examineAssigned(queryOf(initial), body.variables[index]?.type, body);
}

/** Every statement and expression below; kinds that are not allowed are refused. */
function visit(value: unknown, body: Body): void {
  if (Array.isArray(value)) {
    for (const item of value) visit(item, body);
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  for (const [key, fields] of Object.entries(value as Json)) {
    const kind = /^PLpgSQL_stmt_(\w+)$/.exec(key)?.[1];
    if (kind !== undefined) visitStatement(kind, fields as Json, body);
    else if (key === 'PLpgSQL_expr') examineExpressionText(queryOf({ [key]: fields }), body);
    else if (key === 'PLpgSQL_exception_block') visitExceptions(fields as Json, body);
    else visit(fields, body);
  }
}

function visitStatement(kind: string, fields: Json, body: Body): void {
  const refused = REFUSED[kind];
  if (refused !== undefined) refuse(`${body.called.name}() ${refused[0]}`, refused[1]);
  if (!ALLOWED.has(kind))
    refuse(
      `${body.called.name}() uses ${kind}, which is not known to the examination`,
      'write it in another way',
    );
  if (kind === 'assign') {
    const { value } = splitAssignment(queryOf(fields['expr']));
    const target = body.variables[Number(fields['varno'] ?? 0)];
    noteAssigned(target, body);
    examineAssigned(value, target?.type, body);
    return;
  }
  if (kind === 'execsql' || kind === 'perform' || kind === 'call') {
    examineStatementText(queryOf(fields['sqlstmt'] ?? fields['expr']), fields, body);
    return;
  }
  if (kind === 'fors') {
    const shape = examineBodyStatement(parseOne(queryOf(fields['query'])), body.scope, body.place);
    if (shape.order === 'any')
      refuse(
        `${body.called.name}() loops over rows in no certain order`,
        'end the ORDER BY of the loop with a unique key',
      );
    visit(fields['body'], body);
    return;
  }
  if (kind === 'return_query') {
    if (fields['dynquery'] !== undefined)
      refuse(`${body.called.name}() runs SQL that is put together as a text`, 'write the statement itself');
    examineBodyStatement(parseOne(queryOf(fields['query'])), body.scope, body.place);
    return;
  }
  if (kind === 'return' && fields['expr'] !== undefined) {
    examineAssigned(queryOf(fields['expr']), body.called.returns, body);
    return;
  }
  visit(fields, body);
}

function noteAssigned(target: Variable | undefined, { place }: Body): void {
  if (target === undefined) return;
  if (!target.isScalar) place.findings.assigned.add('*');
  else if (target.name.startsWith('.')) place.findings.assigned.add(target.name.slice(1));
}

/** Trouble of the server would be caught like an error of the data, on one replica only. */
function visitExceptions(fields: Json, body: Body): void {
  for (const item of (fields['exc_list'] ?? []) as readonly Json[]) {
    const handler = (item['PLpgSQL_exception'] ?? {}) as Json;
    for (const condition of (handler['conditions'] ?? []) as readonly Json[]) {
      const name = textIn((condition['PLpgSQL_condition'] ?? {}) as Json, 'condname');
      if (
        !/_violation$|^(no_data_found|too_many_rows|division_by_zero|raise_exception|invalid_text_representation|numeric_value_out_of_range)$/.test(
          name,
        )
      )
        refuse(
          `${body.called.name}() catches ${name || 'an error by its number'}`,
          'catch violations of constraints by name, such as unique_violation',
        );
    }
    visit(handler['action'], body);
  }
}

function examineExpressionText(text: string, body: Body): void {
  examineBodyStatement(parseOne(`select ${text}`), body.scope, body.place);
}

function examineStatementText(text: string, fields: Json, body: Body): void {
  const shape = examineBodyStatement(parseOne(text), body.scope, body.place);
  if (fields['into'] !== true) return;
  if (fields['strict'] !== true && shape.order === 'any')
    refuse(
      `${body.called.name}() puts the first of several rows INTO a variable`,
      'select by a unique key, or add ORDER BY over one',
    );
  assertIntoTargets(fields['target'], shape, body);
}

function assertIntoTargets(target: unknown, shape: QueryShape, body: Body): void {
  const row = ((target ?? {}) as Json)['PLpgSQL_row'] as Json | undefined;
  for (const [index, field] of ((row?.['fields'] ?? []) as readonly Json[]).entries()) {
    const variable = body.variables[Number(field['varno'] ?? 0)];
    noteAssigned(variable, body);
    assertAssignable(shape.columns?.[index]?.type, variable?.type, body);
  }
}

function examineAssigned(text: string, target: MaybeType, body: Body): void {
  const tree = parseOne(`select ${text}`);
  const [only, ...others] = nodesOf(tree, 'targetList');
  const value = only === undefined ? undefined : nodeOf(only, 'val');
  if (value === undefined || others.length > 0 || nodesOf(tree, 'fromClause').length > 0) {
    const shape = examineBodyStatement(tree, body.scope, body.place);
    assertAssignable(shape.columns?.[0]?.type, target, body);
  } else assertAssignable(examineOperand(value, body.scope, body.place, target), target, body);
}

function assertAssignable(source: MaybeType, target: MaybeType, { called, place }: Body): void {
  const isRow = target === undefined && called.returns === 'trigger';
  if (isRow || (target !== undefined && !isTimeLike(target, place.catalog))) return;
  if (target !== undefined && /^(trigger|void|record|any\w*)$/.test(target)) return;
  if (source !== undefined && (source === 'unknown' || !isTextLike(source))) return;
  if (target === undefined && source === undefined) return;
  refuse(
    `${called.name}() assigns what may be a text to ${target ?? 'a variable of unknown type'}, and the text 'now' would read the clock`,
    'use to_timestamp(text, format) or declare the variable with its type',
  );
}

/** `new.a := 1` and `a = 1`: what stands behind the first sign of assignment outside brackets. */
function splitAssignment(text: string): { readonly value: string } {
  let open = 0;
  for (const { text: sign, end } of tokensOf(text)) {
    if (sign === '[' || sign === '(') open += 1;
    if (sign === ']' || sign === ')') open -= 1;
    if (open === 0 && (sign === ':=' || sign === '='))
      return { value: Buffer.from(text, 'utf8').toString('utf8', end) };
  }
  return refuse(`the assignment ${cutText(text, 60)} cannot be read`, 'write it as variable := value');
}

function queryOf(expression: unknown): string {
  return textIn((((expression ?? {}) as Json)['PLpgSQL_expr'] ?? {}) as Json, 'query');
}

function textIn(fields: Json, name: string): string {
  const value = fields[name];
  return typeof value === 'string' ? value : '';
}
