/** Operators: which ones are believed, what they do with texts beside them, and what type they give. */
import { KNOWN_EXTENSIONS } from './examine-call.ts';
import { alternatives, examineExpression, examineOperand, isOpenText } from './examine-expression.ts';
import type { Place } from './findings.ts';
import { refuse } from './refusal.ts';
import type { MaybeType, Scope } from './scope.ts';
import { isNumber, isTextLike } from './sql-types.ts';
import { namesOf, nodeOf, nodesOf, type SqlNode } from './tree.ts';

const COMPARISONS = new Set([
  '=',
  '<>',
  '!=',
  '<',
  '>',
  '<=',
  '>=',
  '~~',
  '!~~',
  '~~*',
  '!~~*',
  '~',
  '~*',
  '!~',
  '!~*',
  '@>',
  '<@',
  '&&',
  '?',
  '?|',
  '?&',
  '@@',
  '@?',
]);

export function examineOperator(node: SqlNode, scope: Scope, place: Place): MaybeType {
  const names = namesOf(node, 'name');
  const name = names.at(-1) ?? '';
  if (names.length > 1 && names.at(-2) !== 'pg_catalog')
    refuse(`the operator ${names.join('.')} is not a built-in one`, 'call a function by name');
  if (place.catalog.foreignOperators.has(name)) assertExtension(name, place);
  const left = nodeOf(node, 'lexpr');
  const right = nodeOf(node, 'rexpr');
  if (left === undefined || right === undefined) {
    const [only] = [left, right].filter((each): each is SqlNode => each !== undefined);
    return only === undefined ? undefined : examineExpression(only, scope, place);
  }
  const type = operandTypes(left, right, scope, place);
  if (node['variant'] === 'AEXPR_NULLIF') return type.left;
  if (node['variant'] !== 'AEXPR_OP' || COMPARISONS.has(name)) return 'bool';
  return resultOf(name, type.left, type.right);
}

function assertExtension(operator: string, place: Place): void {
  const extension = place.catalog.foreignOperators.get(operator);
  if (extension === undefined || !KNOWN_EXTENSIONS.has(extension))
    refuse(
      `the operator ${operator} may be one of ${extension === undefined ? "the database's own" : `the extension ${extension}`}`,
      'call a function by name, or drop the operator',
    );
}

function operandTypes(
  left: SqlNode,
  right: SqlNode,
  scope: Scope,
  place: Place,
): { readonly left: MaybeType; readonly right: MaybeType } {
  if (isOpenText(left) && !isOpenText(right)) {
    const type = listType(right, scope, place);
    return { left: examineOperand(left, scope, place, type), right: type };
  }
  const type = examineExpression(left, scope, place);
  if (right.kind !== 'List') return { left: type, right: examineOperand(right, scope, place, type) };
  for (const item of nodesOf(right, 'items')) examineOperand(item, scope, place, type);
  return { left: type, right: type };
}

function listType(node: SqlNode, scope: Scope, place: Place): MaybeType {
  return node.kind === 'List'
    ? alternatives(nodesOf(node, 'items'), scope, place)
    : examineExpression(node, scope, place);
}

const TIMES = new Set(['date', 'time', 'timetz', 'timestamp', 'timestamptz']);

/** Only what the built-in operators make certain. */
function resultOf(name: string, left: MaybeType, right: MaybeType): MaybeType {
  if (name === '->>' || name === '#>>') return 'text';
  if (name === '->' || name === '#>' || name === '#-') return left;
  if (left === undefined || right === undefined) return undefined;
  if (name === '||')
    return isTextLike(left) && left !== 'unknown' && !left.includes('json')
      ? 'text'
      : left === right
        ? left
        : undefined;
  if (!['+', '-', '*', '/', '%', '&', '|', '#', '<<', '>>'].includes(name)) return undefined;
  const isOfNumbers = (isNumber(left) || left === 'unknown') && (isNumber(right) || right === 'unknown');
  if (isOfNumbers && (left !== 'unknown' || right !== 'unknown'))
    return left === 'numeric' || right === 'numeric' ? 'numeric' : 'int8';
  if (TIMES.has(left) && (right === 'interval' || isNumber(right)))
    return left === 'date' && right === 'interval' ? 'timestamp' : left;
  if (left === 'interval' && (right === 'interval' || isNumber(right))) return 'interval';
  if (TIMES.has(left) && left === right) return left === 'date' ? 'int4' : 'interval';
  return undefined;
}
