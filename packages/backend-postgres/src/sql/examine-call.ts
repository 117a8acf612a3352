/** Calls of functions and operators. */
import type { SqlFunction } from './catalog.ts';
import { isSystem } from './catalog.ts';
import { assertOrderedInside, assertWindow } from './examine-aggregate.ts';
import { examineExpression, examineOperand, isOpenText } from './examine-expression.ts';
import { examineFunction } from './examine-function.ts';
import type { Place } from './findings.ts';
import { freezeCall } from './freeze.ts';
import { deniedFunction, PINNED, STABLE_AND_SAFE } from './function-lists.ts';
import { refuse } from './refusal.ts';
import type { MaybeType, Scope } from './scope.ts';
import { isNumber, isTextLike, isTimeLike } from './sql-types.ts';
import { namesOf, nodeOf, nodesOf, type SqlNode, textOf } from './tree.ts';

/** Extensions whose functions and operators were looked through: they depend on their arguments alone. */
export const KNOWN_EXTENSIONS: ReadonlySet<string> = new Set([
  'plpgsql',
  'citext',
  'hstore',
  'ltree',
  'pg_trgm',
  'btree_gin',
  'btree_gist',
  'intarray',
  'cube',
  'fuzzystrmatch',
  'pgcrypto',
  'isn',
  'seg',
]);

export function examineCall(node: SqlNode, scope: Scope, place: Place): MaybeType {
  const names = namesOf(node, 'funcname');
  const name = names.at(-1) ?? '';
  const schema = names.length > 1 ? (names.at(-2) ?? '') : '';
  const args = nodesOf(node, 'args');
  if (name === 'nextval' && schema !== 'quorate') return drawFromSequence(args, place);
  if (schema === 'quorate') return callPinned(name, place);
  const overloads = place.catalog.functionsNamed(schema, name);
  const users = overloads.filter((each) => !isSystem(each.schema));
  const builtIns = overloads.filter((each) => each.schema === 'pg_catalog');
  if (users.length === 0) {
    const frozen = freezeCall(name, node, place);
    if (frozen !== undefined) return frozen;
  }
  if (overloads.length === 0) refuseUnknown(name, schema, args, place);
  // The sort keys of WITHIN GROUP are arguments of the function as well.
  const count = args.length + (node['agg_within_group'] === true ? nodesOf(node, 'agg_order').length : 0);
  if (!overloads.some((each) => accepts(each, count)))
    refuse(`no function ${name}() takes ${count} arguments`, 'correct the call');
  if (builtIns.length > 0) assertBuiltIn(name, builtIns, count);
  for (const each of users) place.findings.absorb(examineUserFunction(each, place));
  const types = examineArguments(args, overloads, scope, place);
  assertNoCastOfText(name, schema, types, place);
  if (
    overloads.some(({ functionKind }) => functionKind === 'a' || functionKind === 'w') ||
    nodeOf(node, 'over') !== undefined
  )
    examineAggregateParts(node, name, types, overloads, scope, place);
  return returnType(name, overloads, types);
}

/** `date(x)` of a text is a cast in the form of a call. */
function assertNoCastOfText(name: string, schema: string, types: readonly MaybeType[], place: Place): void {
  const [only] = types;
  if (types.length !== 1 || only === 'unknown' || place.catalog.typeNamed(schema, name)?.isTimeLike !== true)
    return;
  if (only === undefined || isTextLike(only))
    refuse(
      `${name}(...) may read a text as a time, and the text 'now' would read the clock`,
      'use to_timestamp(text, format), to_date(text, format) or a parameter',
    );
}

function refuseUnknown(name: string, schema: string, args: readonly SqlNode[], place: Place): never {
  const isType = place.catalog.typeNamed(schema, name) !== undefined && args.length === 1;
  if (isType) refuse(`${name}(...) is a cast in the form of a call`, `write CAST(... AS ${name})`);
  return refuse(
    `the function ${schema === '' ? '' : `${schema}.`}${name}() does not exist here`,
    'create it first, as a command of its own',
  );
}

function assertBuiltIn(name: string, overloads: readonly SqlFunction[], count: number): void {
  const denied = deniedFunction(name);
  if (denied !== undefined) refuse(`${name}() is refused: ${denied[0]}`, denied[1]);
  if (name === 'age' && count === 1)
    refuse('age() with one argument counts from the current date', 'write age(CURRENT_DATE, ...)');
  const fitting = overloads.filter((each) => accepts(each, count));
  if (fitting.some(({ volatility }) => volatility === 'v'))
    refuse(`${name}() is volatile: it may give another value each time`, 'use a value from your program');
  if (fitting.some(({ volatility }) => volatility === 's') && !STABLE_AND_SAFE.has(name) && !isTypeName(name))
    refuse(`${name}() depends on more than its arguments`, 'use a value from your program');
}

/** Casts have functions of the same name; `examineArguments` watches their texts. */
function isTypeName(name: string): boolean {
  return /^(text|date|time|timetz|timestamp|timestamptz|interval|numeric|float8|money)$/.test(name);
}

function accepts(each: SqlFunction, count: number): boolean {
  const most = each.arguments.length;
  return count <= most ? count >= most - each.defaults || each.isVariadic : each.isVariadic;
}

function examineUserFunction(each: SqlFunction, place: Place): Place['findings'] {
  const findings = examineFunction(each, place.catalog);
  if (!place.isPerRow) return findings;
  if (findings.draws || findings.writes)
    refuse(
      `${each.name}() ${findings.writes ? 'changes rows' : 'takes the next of something'} and is called for rows in no certain order`,
      'call it once for each row, from your program',
    );
  if (each.volatility === 'v' && findings.reads)
    refuse(
      `${each.name}() reads tables and, being VOLATILE, sees rows that the same statement has changed before`,
      `declare ${each.name}() STABLE`,
    );
  return findings;
}

function drawFromSequence(args: readonly SqlNode[], place: Place): MaybeType {
  const [argument] = args;
  const text = argument?.kind === 'TypeCast' ? nodeOf(argument, 'arg') : argument;
  if (text === undefined || args.length !== 1 || text.kind !== 'A_Const')
    return refuse('nextval() of a name that is only known while the statement runs', "write nextval('name')");
  const parts = splitName(textOf(text, 'value'));
  const sequence = place.catalog.sequence(parts.length > 1 ? (parts.at(-2) ?? '') : '', parts.at(-1) ?? '');
  if (sequence === undefined)
    return refuse(
      `the sequence ${textOf(text, 'value')} does not exist here`,
      'create it first, as a command of its own',
    );
  assertSequence(sequence);
  if (place.isPerRow)
    refuse(
      'nextval() numbers rows that come in no certain order',
      'insert the rows with VALUES, or SELECT ... ORDER BY a unique key into a column that defaults to it',
    );
  place.findings.draws = true;
  return 'int8';
}

/** Values that a session keeps aside would be lost with it, on one replica only. */
export function assertSequence({ name, cache }: { readonly name: string; readonly cache: number }): void {
  if (cache > 1)
    refuse(`the sequence ${name} keeps ${cache} values in each session`, `ALTER SEQUENCE ${name} CACHE 1`);
}

/** `schema."Name"` as `nextval` reads it. */
function splitName(text: string): readonly string[] {
  const parts = text.match(/"(?:[^"]|"")*"|[^.]+/g) ?? [];
  return parts.map((part) =>
    part.startsWith('"') ? part.slice(1, -1).replaceAll('""', '"') : part.trim().toLowerCase(),
  );
}

function callPinned(name: string, place: Place): MaybeType {
  const pinned = PINNED.get(name);
  if (pinned === undefined) return refuse(`quorate.${name}() belongs to the replication`, 'leave it alone');
  if (pinned.needs === 'time') place.findings.needsTime = true;
  else {
    if (place.isPerRow)
      refuse(
        `quorate.${name}() gives each row another value, and rows come in no certain order`,
        'write one row at a time',
      );
    place.findings.needsSeed = true;
    place.findings.draws = true;
  }
  return pinned.type;
}

/** Texts among the arguments take the type of the parameter; where overloads leave that open, any. */
function examineArguments(
  args: readonly SqlNode[],
  overloads: readonly SqlFunction[],
  scope: Scope,
  place: Place,
): readonly MaybeType[] {
  return args.map((argument, index) => {
    if (!isOpenText(argument)) return examineExpression(argument, scope, place);
    const possible = overloads
      .filter((each) => accepts(each, args.length))
      .map((each) => each.arguments[index] ?? each.arguments.at(-1) ?? 'any');
    const isSafe =
      possible.length > 0 &&
      possible.every((type) => !type.startsWith('any') && !isTimeLike(type, place.catalog));
    return examineOperand(argument, scope, place, isSafe ? 'text' : undefined);
  });
}

function examineAggregateParts(
  node: SqlNode,
  name: string,
  types: readonly MaybeType[],
  overloads: readonly SqlFunction[],
  scope: Scope,
  place: Place,
): void {
  const filter = nodeOf(node, 'agg_filter');
  if (filter !== undefined) examineExpression(filter, scope, place);
  for (const sort of nodesOf(node, 'agg_order')) {
    const key = nodeOf(sort, 'node');
    if (key !== undefined) examineExpression(key, scope, place);
  }
  const window = nodeOf(node, 'over');
  if (window !== undefined) assertWindow(node, name, window, scope, place);
  if (overloads.some((each) => each.functionKind === 'a' && !isSystem(each.schema)))
    refuse(
      `${name}() is an aggregate of one's own, which may depend on the order of rows`,
      'use built-in aggregates',
    );
  assertOrderedInside(node, name, types, scope, place);
}

const KEEPS_TYPE = new Set([
  'min',
  'max',
  'abs',
  'mod',
  'nullif',
  'lag',
  'lead',
  'first_value',
  'last_value',
  'nth_value',
]);

function returnType(name: string, overloads: readonly SqlFunction[], types: readonly MaybeType[]): MaybeType {
  const [first] = types;
  if (KEEPS_TYPE.has(name) && first !== undefined && first !== 'unknown') return first;
  if (
    name === 'sum' ||
    name === 'avg' ||
    name === 'round' ||
    name === 'trunc' ||
    name === 'ceil' ||
    name === 'floor'
  ) {
    if (isNumber(first) && (name === 'sum' || name === 'avg' || first === 'numeric')) return 'numeric';
    return undefined;
  }
  const returns = new Set(overloads.map((each) => each.returns));
  const [only] = returns;
  return returns.size === 1 && only !== undefined && !/^(any|record|void)/.test(only) ? only : undefined;
}
