/**
 * One expression: everything in it must give the same value on every replica. Kinds of nodes that are not handled
 * here are refused. On the way up the types are worked out as far as names and operators tell; where they do not,
 * the answer is "not known", and what depends on it is refused rather than believed.
 */

import type { SqlType } from './catalog.ts';
import { requireSharedCollations } from './collations.ts';
import { examineCall } from './examine-call.ts';
import { examineOperator } from './examine-operator.ts';
import { examineQuery } from './examine-query.ts';
import { examineStored } from './examine-stored.ts';
import type { Place } from './findings.ts';
import { freezeKeyword } from './freeze.ts';
import { refuse } from './refusal.ts';
import { isKnownColumn, type MaybeType, resolve, type Scope } from './scope.ts';
import { isTextLike, isTimeLike, typeNamed } from './sql-types.ts';
import { namesOf, nodeOf, nodesOf, type SqlNode, textOf } from './tree.ts';
import { watchText } from './watched-text.ts';

const SYSTEM_COLUMNS = new Set(['ctid', 'xmin', 'xmax', 'cmin', 'cmax', 'tableoid']);

/**
 * An expression whose target is known: a text or a parameter takes on the type `expected`. Undefined: it may be any.
 * @throws Refusal
 */
export function examineOperand(node: SqlNode, scope: Scope, place: Place, expected: MaybeType): MaybeType {
  if (watchText(node, place, expected)) return expected;
  return examineExpression(node, scope, place);
}

/** @returns the type, undefined when it is not known. `unknown` is a text that has no type yet. @throws Refusal */
export function examineExpression(node: SqlNode, scope: Scope, place: Place): MaybeType {
  switch (node.kind) {
    case 'A_Const':
    case 'ParamRef':
      watchText(node, place, undefined);
      return typeOfConstant(node, place);
    case 'ColumnRef':
      return examineColumn(node, scope, place);
    case 'A_Expr':
      return examineOperator(node, scope, place);
    case 'BoolExpr':
      return all(nodesOf(node, 'args'), scope, place, 'bool');
    case 'NullTest':
    case 'BooleanTest':
      return all(nodesIn(node, 'arg'), scope, place, 'bool');
    case 'FuncCall':
      return examineCall(node, scope, place);
    case 'SQLValueFunction':
      return freezeKeyword(node, place);
    case 'TypeCast':
      return examineCast(node, scope, place);
    case 'SubLink':
      return examineSubquery(node, scope, place);
    case 'CaseExpr':
      return examineCase(node, scope, place);
    case 'CoalesceExpr':
    case 'MinMaxExpr':
      return alternatives(nodesOf(node, 'args'), scope, place);
    case 'A_ArrayExpr':
      return arrayOf(alternatives(nodesOf(node, 'elements'), scope, place));
    case 'RowExpr':
    case 'GroupingFunc':
      return all(nodesOf(node, 'args'), scope, place, node.kind === 'RowExpr' ? undefined : 'int4');
    case 'List':
      return alternatives(nodesOf(node, 'items'), scope, place);
    case 'A_Indirection':
      return examineIndirection(node, scope, place);
    case 'CollateClause':
      requireSharedCollations(node);
      return all(nodesIn(node, 'arg'), scope, place, 'text');
    case 'GroupingSet':
      return all(nodesOf(node, 'content'), scope, place, undefined);
    case 'NamedArgExpr':
      return all(nodesIn(node, 'arg'), scope, place, undefined);
    case 'SetToDefault':
      return undefined;
    default:
      return refuse(
        `${node.kind} is not known to the examination`,
        'write it with plain functions and operators',
      );
  }
}

function nodesIn(node: SqlNode, field: string): readonly SqlNode[] {
  const only = nodeOf(node, field);
  return only === undefined ? [] : [only];
}

function all(nodes: readonly SqlNode[], scope: Scope, place: Place, type: MaybeType): MaybeType {
  for (const each of nodes) examineExpression(each, scope, place);
  return type;
}

/** Several expressions that come to one type: the first that is known gives it to texts among the others. */
export function alternatives(nodes: readonly SqlNode[], scope: Scope, place: Place): MaybeType {
  const typed = nodes
    .filter((each) => !isOpenText(each))
    .map((each) => examineExpression(each, scope, place));
  const known = typed.find((type) => type !== 'unknown');
  for (const each of nodes.filter(isOpenText)) watchText(each, place, known);
  return typed.includes(undefined) ? undefined : (known ?? (nodes.length > 0 ? 'unknown' : undefined));
}

/** A text or parameter whose type comes from its surroundings. */
export function isOpenText(node: SqlNode): boolean {
  return (
    node.kind === 'ParamRef' || (node.kind === 'A_Const' && ['string', 'null'].includes(textOf(node, 'type')))
  );
}

function typeOfConstant(node: SqlNode, place: Place): MaybeType {
  if (node.kind === 'ParamRef') return place.parameters?.[Number(node['number']) - 1] ?? 'unknown';
  const types: Record<string, SqlType> = { int: 'int4', float: 'numeric', bool: 'bool', bits: 'bit' };
  return types[textOf(node, 'type')] ?? 'unknown';
}

function arrayOf(type: MaybeType): MaybeType {
  return type === undefined || type === 'unknown' || type.includes('.') ? undefined : `_${type}`;
}

function examineColumn(node: SqlNode, scope: Scope, place: Place): MaybeType {
  const name = namesOf(node, 'fields').at(-1) ?? '';
  if (name === '*') return undefined;
  if (name === 'tg_relid')
    refuse('TG_RELID is a number that differs from server to server', 'use TG_TABLE_NAME');
  const found = resolve(node, scope);
  if (found !== undefined) return found.type;
  if (SYSTEM_COLUMNS.has(name))
    refuse(`${name} tells about the physical storage of one server`, 'name rows by their key');
  assertNoHiddenCall(name, scope, place);
  return undefined;
}

/** `row.name` can also mean the function call `name(row)`. */
function assertNoHiddenCall(name: string, scope: Scope, place: Place): void {
  if (isKnownColumn(name, scope)) return;
  const isFunction = place.catalog
    .functionsNamed('', name)
    .some(
      (each) => each.volatility !== 'i' && each.arguments.length === 1 && takesRow(each.arguments[0] ?? ''),
    );
  if (isFunction)
    refuse(
      `"${name}" could be a call of the function ${name}()`,
      'write the call with parentheses, or qualify the column',
    );
}

function takesRow(type: string): boolean {
  return type === 'record' || type.startsWith('any') || type.includes('.');
}

function examineIndirection(node: SqlNode, scope: Scope, place: Place): MaybeType {
  const base = nodeOf(node, 'arg');
  const type = base === undefined ? undefined : examineExpression(base, scope, place);
  let isElement = false;
  for (const step of nodesOf(node, 'indirection')) {
    if (step.kind === 'A_Indices') {
      for (const field of ['lidx', 'uidx'])
        for (const index of nodesIn(step, field)) examineExpression(index, scope, place);
      isElement = step['is_slice'] !== true;
    } else if (step.kind === 'String') {
      assertNoHiddenCall(textOf(step, 'sval'), scope, place);
      return undefined;
    }
  }
  return isElement && type?.startsWith('_') === true ? type.slice(1) : undefined;
}

function examineCase(node: SqlNode, scope: Scope, place: Place): MaybeType {
  const subject = nodeOf(node, 'arg');
  const subjectType = subject === undefined ? 'bool' : examineExpression(subject, scope, place);
  const results: SqlNode[] = [];
  for (const arm of nodesOf(node, 'args')) {
    const condition = nodeOf(arm, 'expr');
    if (condition !== undefined) examineOperand(condition, scope, place, subjectType);
    const result = nodeOf(arm, 'result');
    if (result !== undefined) results.push(result);
  }
  return alternatives([...results, ...nodesIn(node, 'defresult')], scope, place);
}

const OBJECT_TYPES = /^_?(oid|reg[a-z]+|xid|xid8|cid|tid|pg_snapshot|txid_snapshot)$/;

/** Reading text as a time may read the clock, and object numbers differ from server to server. */
function examineCast(node: SqlNode, scope: Scope, place: Place): MaybeType {
  const argument = nodeOf(node, 'arg');
  const typeNode = nodeOf(node, 'typeName');
  if (argument === undefined || typeNode === undefined) return undefined;
  const target = typeNamed(typeNode, place.catalog);
  if (target === undefined)
    return refuse(
      `the type ${namesOf(typeNode, 'names').join('.')} does not exist here`,
      'create it first, as a command of its own',
    );
  for (const check of target.checks)
    place.findings.absorb(examineStored(check, 'the check of a domain', place.catalog));
  if (OBJECT_TYPES.test(target.type))
    refuse(`${target.type} numbers differ from server to server`, 'store the name as a text');
  if (watchText(argument, place, target.type)) return target.type;
  const source = examineExpression(argument, scope, place);
  if (
    isTimeLike(target.type, place.catalog) &&
    source !== 'unknown' &&
    (source === undefined || isTextLike(source))
  )
    refuse(
      `a text that is only known while the statement runs is read as ${target.type}, and the text 'now' would read the clock`,
      'use to_timestamp(text, format), to_date(text, format) or a parameter',
    );
  return target.type;
}

function examineSubquery(node: SqlNode, scope: Scope, place: Place): MaybeType {
  const kind = textOf(node, 'subLinkType');
  const test = nodeOf(node, 'testexpr');
  const testType = test === undefined ? undefined : examineExpression(test, scope, place);
  const query = nodeOf(node, 'subselect');
  if (query === undefined) return undefined;
  const isExistence = kind === 'EXISTS_SUBLINK';
  const shape = examineQuery(
    query,
    scope,
    { ...place, isPerRow: true },
    { isExistence, expected: [testType] },
  );
  if (kind === 'ARRAY_SUBLINK') {
    if (shape.order === 'any')
      refuse('ARRAY(SELECT ...) takes rows in no certain order', 'add ORDER BY over a unique key');
    return arrayOf(shape.columns?.[0]?.type);
  }
  return kind === 'EXPR_SUBLINK' ? shape.columns?.[0]?.type : 'bool';
}
