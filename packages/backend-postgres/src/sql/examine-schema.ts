/**
 * Statements that change the schema. Code that they store is examined again wherever it runs; here it is asked whether
 * the change itself is the same on every replica, and whether the thing can be used at all afterwards.
 */
import { isSystem, type Relation } from './catalog.ts';
import { KNOWN_EXTENSIONS } from './examine-call.ts';
import { examineExpression } from './examine-expression.ts';
import { examineQuery } from './examine-query.ts';
import { Findings, type Place } from './findings.ts';
import { refuse } from './refusal.ts';
import { EMPTY_SCOPE, type MaybeType, type Scope } from './scope.ts';
import { typeNamed } from './sql-types.ts';
import { namesOf, nodeOf, nodesOf, type SqlNode, textOf, walk } from './tree.ts';

const DROPPED = new Set(
  'TABLE VIEW MATVIEW INDEX SEQUENCE SCHEMA TYPE DOMAIN FUNCTION PROCEDURE ROUTINE TRIGGER EXTENSION STATISTIC_EXT'.split(
    ' ',
  ),
);
const RENAMED = new Set(
  'TABLE COLUMN INDEX VIEW MATVIEW SEQUENCE TABCONSTRAINT DOMAIN DOMCONSTRAINT TYPE ATTRIBUTE FUNCTION PROCEDURE ROUTINE TRIGGER'.split(
    ' ',
  ),
);
const ALTERED = new Set(
  `AddColumn DropColumn ColumnDefault SetNotNull DropNotNull SetStorage AddConstraint DropConstraint ValidateConstraint
  AlterConstraint AlterColumnType AddIdentity SetIdentity DropIdentity DropExpression SetLogged AttachPartition
  DetachPartition SetRelOptions ResetRelOptions AddInherit DropInherit ReplicaIdentity SetOptions ResetOptions AddIndex`.split(
    /\s+/,
  ),
);

/** @throws Refusal */
export function examineSchema(tree: SqlNode, place: Place): void {
  assertOutsideReplication(tree);
  assertLasting(tree);
  switch (tree.kind) {
    case 'CreateStmt':
      return examineColumns(
        nodesOf(tree, 'tableElts'),
        scopeOf(nodesOf(tree, 'tableElts'), undefined, place),
        place,
      );
    case 'AlterTableStmt':
      return examineAlterTable(tree, place);
    case 'CreateTableAsStmt':
      return examineTableFromQuery(tree, place);
    case 'IndexStmt':
      return examineIndex(tree, place);
    case 'DropStmt':
      return assertObject(tree, 'removeType', DROPPED, 'DROP');
    case 'RenameStmt':
      return assertObject(tree, 'renameType', RENAMED, 'RENAME');
    case 'CreateFunctionStmt':
      return assertFunction(tree);
    case 'CreateSchemaStmt':
      return assertSchema(tree);
    case 'CreateExtensionStmt':
      return assertExtensionIsKnown(tree);
    case 'CreateRangeStmt':
      return assertRange(tree);
    case 'CreateDomainStmt':
    case 'AlterDomainStmt':
      return examineDomain(tree, place);
    case 'CommentStmt':
      if (/ROLE|DATABASE|TABLESPACE/.test(textOf(tree, 'objtype')))
        refuse('the comment is on something of one server', 'set it on each server yourself');
  }
}

/** Nothing of ours is named, and nothing that lives in one session or one server only. */
function assertOutsideReplication(tree: SqlNode): void {
  const calls = new Set<SqlNode>();
  walk(tree, (node) => {
    if (node.kind === 'FuncCall') for (const part of nodesOf(node, 'funcname')) calls.add(part);
    const names = ['schemaname', 'newname', 'subname', 'trigname', 'newschema', 'relname'].map((field) =>
      textOf(node, field),
    );
    if (node.kind === 'String' && !calls.has(node)) names.push(textOf(node, 'sval'));
    if (names.some((name) => name === 'quorate' || name === 'quorate_guard'))
      refuse('schema quorate and the triggers quorate_guard belong to the replication', 'leave them alone');
    return undefined;
  });
}

function assertLasting(tree: SqlNode): void {
  walk(tree, (node) => {
    const persistence = node.kind === 'RangeVar' ? textOf(node, 'relpersistence') : '';
    if (persistence === 't')
      refuse(
        'temporary things live in one session, and commands share none',
        'use WITH, or a table that you drop',
      );
    if (persistence === 'u')
      refuse('an unlogged table is empty after a crash of one server', 'leave out UNLOGGED');
    if (
      textOf(node, 'tablespacename') !== '' ||
      textOf(node, 'tableSpace') !== '' ||
      textOf(node, 'tableSpaceName') !== ''
    )
      refuse('tablespaces are directories of one server', 'leave out TABLESPACE');
    if (textOf(node, 'contype') === 'CONSTR_ATTR_DEFERRED' || node['initdeferred'] === true)
      refuse(
        'INITIALLY DEFERRED is checked at the end of a transaction, which holds many commands',
        'use DEFERRABLE INITIALLY IMMEDIATE, which is checked at the end of the statement',
      );
    if (node['concurrent'] === true) refuse('CONCURRENTLY cannot run inside a transaction', 'leave it out');
    if (node.kind === 'DefElem' && textOf(node, 'defname') === 'cache' && numberOf(nodeOf(node, 'arg')) !== 1)
      refuse('a sequence with CACHE keeps values in each session', 'leave out CACHE');
    return undefined;
  });
}

function numberOf(node: SqlNode | undefined): number {
  return Number(node?.['ival'] ?? Number.NaN);
}

/** The columns of a table that is being made or changed. */
function scopeOf(elements: readonly SqlNode[], relation: Relation | undefined, { catalog }: Place): Scope {
  const columns = new Map<string, MaybeType>(
    [...(relation?.columns.values() ?? [])].map(({ name, type }) => [name, type]),
  );
  for (const element of elements) {
    const typeName = nodeOf(element, 'typeName');
    if (element.kind === 'ColumnDef' && typeName !== undefined)
      columns.set(textOf(element, 'colname'), typeNamed(typeName, catalog)?.type);
  }
  const hasUnknown =
    elements.some(({ kind }) => kind === 'TableLikeClause') ||
    (relation === undefined && elements.length === 0);
  return {
    ...EMPTY_SCOPE,
    tables: [{ name: relation?.name ?? '', columns: hasUnknown ? undefined : columns }],
  };
}

function examineColumns(elements: readonly SqlNode[], scope: Scope, place: Place): void {
  for (const element of elements) {
    if (element.kind === 'Constraint') examineConstraint(element, scope, place);
    for (const constraint of nodesOf(element, 'constraints')) examineConstraint(constraint, scope, place);
  }
}

function examineConstraint(constraint: SqlNode, scope: Scope, place: Place): void {
  const expression = nodeOf(constraint, 'raw_expr');
  if (expression === undefined) return;
  const isDefault = textOf(constraint, 'contype') === 'CONSTR_DEFAULT';
  examineExpression(expression, scope, { ...later(place), isPerRow: !isDefault });
}

/** What is stored now runs under other commands: what it needs, they ask for. */
function later(place: Place): Place {
  return { ...place, findings: new Findings() };
}

function examineAlterTable(tree: SqlNode, place: Place): void {
  const objectKind = textOf(tree, 'objtype').replace('OBJECT_', '');
  if (objectKind === 'TYPE') return;
  const target = nodeOf(tree, 'relation');
  if (objectKind !== 'TABLE' || target === undefined)
    refuse(`ALTER of ${objectKind} is not known to the examination`, 'drop it and create it again');
  const relation = place.catalog.relation(textOf(target, 'schemaname'), textOf(target, 'relname'));
  for (const command of nodesOf(tree, 'cmds')) {
    const what = textOf(command, 'subtype').replace('AT_', '');
    if (what === 'ChangeOwner')
      refuse('owners are roles, which belong to one server', 'leave them as they are');
    if (!ALTERED.has(what))
      refuse(`ALTER TABLE ... ${what} is not replicated`, 'do it on each server yourself if you need it');
    const definition = nodeOf(command, 'def');
    if (definition === undefined) continue;
    const scope = scopeOf([definition], relation, place);
    if (what === 'AddColumn') assertSameForAllRows(definition, scope, place);
    else if (what === 'AlterColumnType') {
      const using = nodeOf(definition, 'raw_default');
      if (using !== undefined) examineExpression(using, scope, { ...place, isPerRow: true });
    } else if (what === 'ColumnDefault') examineExpression(definition, scope, later(place));
    else if (what === 'AddConstraint') examineColumns([definition], scope, place);
  }
}

/** The rows that are there already get their values in no certain order. */
function assertSameForAllRows(column: SqlNode, scope: Scope, place: Place): void {
  const name = textOf(column, 'colname');
  const typeName = nodeOf(column, 'typeName');
  const constraints = nodesOf(column, 'constraints');
  const isNumbered =
    /serial/.test(typeName === undefined ? '' : (namesOf(typeName, 'names').at(-1) ?? '')) ||
    constraints.some((each) => textOf(each, 'contype') === 'CONSTR_IDENTITY');
  if (isNumbered)
    refuse(
      `the new column ${name} would number existing rows in no certain order`,
      'add a plain column, fill it by UPDATE of one row at a time, then add the sequence as its default',
    );
  for (const constraint of constraints) {
    const expression = nodeOf(constraint, 'raw_expr');
    if (expression !== undefined) examineExpression(expression, scope, { ...place, isPerRow: true });
  }
}

function examineTableFromQuery(tree: SqlNode, place: Place): void {
  if (textOf(tree, 'objtype') === 'OBJECT_MATVIEW')
    refuse(
      'a materialized view cannot be carried to another node as it was',
      'use a table and INSERT ... SELECT',
    );
  const query = nodeOf(tree, 'query');
  if (query === undefined) return refuse('a table from nothing', 'give a SELECT');
  examineQuery(query, undefined, place);
}

function examineIndex(tree: SqlNode, place: Place): void {
  const target = nodeOf(tree, 'relation');
  if (target === undefined) return;
  const relation = place.catalog.relation(textOf(target, 'schemaname'), textOf(target, 'relname'));
  const scope = scopeOf([], relation, place);
  const parts = [
    ...nodesOf(tree, 'indexParams').map((each) => nodeOf(each, 'expr')),
    nodeOf(tree, 'whereClause'),
  ];
  for (const part of parts)
    if (part !== undefined) examineExpression(part, scope, { ...place, isPerRow: true });
}

function assertObject(tree: SqlNode, field: string, allowed: ReadonlySet<string>, verb: string): void {
  const object = textOf(tree, field).replace('OBJECT_', '');
  if (!allowed.has(object))
    refuse(`${verb} of ${object} is not replicated`, 'do it on each server yourself if you need it');
}

function assertFunction(tree: SqlNode): void {
  const names = namesOf(tree, 'funcname');
  if (names.length > 1 && isSystem(names[0] ?? ''))
    refuse('system schemas are for built-in functions', 'choose another schema');
  const options = new Map(nodesOf(tree, 'options').map((each) => [textOf(each, 'defname'), each]));
  const languageNode = options.get('language');
  const language =
    languageNode === undefined
      ? 'sql'
      : textOf(nodeOf(languageNode, 'arg') ?? languageNode, 'sval').toLowerCase();
  if (language !== 'sql' && language !== 'plpgsql')
    refuse(`a function in ${language} cannot be examined`, 'write it in SQL or PL/pgSQL');
  if (options.has('set'))
    refuse(
      'a function with settings of its own (SET ...) reads names and times in its own way',
      'leave out SET',
    );
  if (options.has('support')) refuse('support functions are written in C', 'leave out SUPPORT');
}

function assertSchema(tree: SqlNode): void {
  if (nodesOf(tree, 'schemaElts').length > 0)
    refuse('CREATE SCHEMA with things inside', 'create them one by one');
  if (nodeOf(tree, 'authrole') !== undefined)
    refuse('owners are roles, which belong to one server', 'leave out AUTHORIZATION');
  if (textOf(tree, 'schemaname').startsWith('quorate'))
    refuse('the name quorate belongs to the replication', 'choose another one');
}

function assertExtensionIsKnown(tree: SqlNode): void {
  const name = textOf(tree, 'extname');
  if (!KNOWN_EXTENSIONS.has(name))
    refuse(`the extension ${name} was not looked through`, `known are ${[...KNOWN_EXTENSIONS].join(', ')}`);
  if (nodesOf(tree, 'options').some((each) => textOf(each, 'defname') === 'new_version'))
    refuse('the version of an extension comes from the files of one server', 'leave out VERSION');
}

function assertRange(tree: SqlNode): void {
  const extra = nodesOf(tree, 'params').find(
    (each) => !['subtype', 'collation', 'multirange_type_name'].includes(textOf(each, 'defname')),
  );
  if (extra !== undefined)
    refuse(`${textOf(extra, 'defname')} is called where no statement shows it`, 'leave it out');
}

function examineDomain(tree: SqlNode, place: Place): void {
  const constraints = [...nodesOf(tree, 'constraints'), nodeOf(tree, 'def')].filter(
    (each): each is SqlNode => each !== undefined,
  );
  for (const each of constraints) {
    const expression = each.kind === 'Constraint' ? nodeOf(each, 'raw_expr') : each;
    if (expression !== undefined)
      examineExpression(
        expression,
        { ...EMPTY_SCOPE, tables: [{ name: '', columns: undefined }] },
        { ...place, isPerRow: textOf(each, 'contype') === 'CONSTR_CHECK' },
      );
  }
}
