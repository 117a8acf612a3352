/**
 * The parse tree in one uniform shape. The grammar's JSON wraps most nodes as `{ Kind: { fields } }` but leaves some
 * bare, where the field alone says the kind; here every node is `{ kind, fields... }`, and a field that is itself
 * called `kind` becomes `variant`. A bare object in a field that
 * is not listed below gets the kind `?field`, which no examination knows, and is refused there.
 */
import { refuse } from './refusal.ts';

export type SqlNode = { readonly kind: string; readonly [field: string]: unknown };

/** Kinds of the nodes that the grammar leaves bare. */
const BARE: Readonly<Record<string, string>> = {
  relation: 'RangeVar',
  pktable: 'RangeVar',
  rel: 'RangeVar',
  view: 'RangeVar',
  sequence: 'RangeVar',
  typevar: 'RangeVar',
  constrrel: 'RangeVar',
  typeName: 'TypeName',
  argType: 'TypeName',
  returnType: 'TypeName',
  ofTypename: 'TypeName',
  alias: 'Alias',
  over: 'WindowDef',
  larg: 'SelectStmt',
  rarg: 'SelectStmt',
  withClause: 'WithClause',
  onConflictClause: 'OnConflictClause',
  infer: 'InferClause',
  returningClause: 'ReturningClause',
  into: 'IntoClause',
  intoClause: 'IntoClause',
  collClause: 'CollateClause',
  funccall: 'FuncCall',
  partspec: 'PartitionSpec',
  partbound: 'PartitionBoundSpec',
  bound: 'PartitionBoundSpec',
  newowner: 'RoleSpec',
  authrole: 'RoleSpec',
  search_clause: 'CTESearchClause',
  cycle_clause: 'CTECycleClause',
};

/** Deeper trees are refused: examining them recurses. Commands people write stay far below. */
export const MAX_TREE_DEPTH = 600;

export function lift(value: unknown, field: string, depth = 0): unknown {
  if (depth > MAX_TREE_DEPTH)
    refuse(`the statement is nested deeper than ${MAX_TREE_DEPTH} levels`, 'split it');
  if (Array.isArray(value))
    return value.map((item) => lift(item, '', depth + 1)).filter((item) => item !== undefined);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  if (entries.length === 0) return undefined;
  const [first] = entries;
  if (entries.length === 1 && first !== undefined && /^[A-Z]/.test(first[0])) {
    return liftBody(first[0], first[1] as object, depth);
  }
  return liftBody(BARE[field] ?? `?${field}`, value, depth);
}

function liftBody(kind: string, body: object, depth: number): SqlNode {
  if (kind === 'A_Const') return liftConstant(body);
  const fields: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(body)) {
    const lifted = lift(value, name, depth + 1);
    if (lifted !== undefined) fields[name === 'kind' ? 'variant' : name] = lifted;
  }
  return { ...fields, kind };
}

/** `{ kind: 'A_Const', type: 'int' | 'float' | 'string' | 'bool' | 'bits' | 'null', value: string, location }` */
function liftConstant(body: object): SqlNode {
  const { location = 0, ...rest } = body as Record<string, unknown>;
  if (rest['isnull'] === true) return { kind: 'A_Const', type: 'null', value: '', location };
  for (const [field, type] of [
    ['ival', 'int'],
    ['fval', 'float'],
    ['sval', 'string'],
    ['boolval', 'bool'],
    ['bsval', 'bits'],
  ] as const) {
    const holder = rest[field];
    if (typeof holder === 'object' && holder !== null)
      return { kind: 'A_Const', type, value: constantText(field, holder), location };
  }
  return { kind: 'A_Const', type: 'null', value: '', location };
}

/** The grammar's JSON leaves out what is zero, false or empty. */
function constantText(field: string, holder: object): string {
  const value: unknown = (holder as Record<string, unknown>)[field];
  if (value === undefined) return field === 'ival' ? '0' : field === 'boolval' ? 'false' : '';
  return typeof value === 'object' ? '' : `${value as string | number | boolean}`;
}

export function isNode(value: unknown): value is SqlNode {
  return typeof value === 'object' && value !== null && typeof (value as SqlNode).kind === 'string';
}

export function nodeOf(parent: SqlNode, field: string): SqlNode | undefined {
  const value = parent[field];
  return isNode(value) ? value : undefined;
}

export function nodesOf(parent: SqlNode, field: string): readonly SqlNode[] {
  const value = parent[field];
  return Array.isArray(value) ? value.filter(isNode) : [];
}

export function textOf(parent: SqlNode, field: string): string {
  const value = parent[field];
  return typeof value === 'string' ? value : '';
}

/** Where a node begins in the statement, in bytes of UTF-8. The grammar leaves out 0. */
export function locationOf(node: SqlNode): number {
  const value = node['location'];
  return typeof value === 'number' ? value : 0;
}

/** The parts of a name such as `schema.table`: a list of String nodes. */
export function namesOf(parent: SqlNode, field: string): readonly string[] {
  return nodesOf(parent, field).map((part) => (part.kind === 'String' ? textOf(part, 'sval') : '*'));
}

/** All nodes, the root first. `enter` may return false to leave out what is below. */
export function walk(value: unknown, enter: (node: SqlNode) => boolean | undefined): void {
  if (Array.isArray(value)) {
    for (const item of value) walk(item, enter);
  } else if (isNode(value)) {
    if (enter(value) === false) return;
    for (const field of Object.values(value)) if (typeof field === 'object') walk(field, enter);
  }
}
