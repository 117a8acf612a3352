/**
 * Which collations a write may name. A server has those of its operating system and of its ICU: one that another server
 * lacks, or has in another version, would give an error or another order there only. The collation of the database
 * itself is compared when nodes meet.
 */
import { refuse } from './refusal.ts';
import { namesOf, nodeOf, type SqlNode, textOf, walk } from './tree.ts';

/** By code points, or the database's own: the same wherever the facts of `compatibility` are the same. */
const SHARED: ReadonlySet<string> = new Set(['C', 'POSIX', 'ucs_basic', 'pg_c_utf8', 'default']);

/** @throws Refusal for any other collation that the statement names, wherever that is */
export function requireSharedCollations(statement: SqlNode): void {
  walk(statement, (node) => {
    if (node.kind === 'CollateClause') requireShared(namesOf(node, 'collname'));
    else if (node.kind === 'IndexElem') requireShared(namesOf(node, 'collation'));
    else if (node.kind === 'DefElem' && textOf(node, 'defname') === 'collation') {
      const named = nodeOf(node, 'arg');
      if (named !== undefined) requireShared(namesOf(named, 'names'));
    }
    return undefined;
  });
}

function requireShared(names: readonly string[]): void {
  const name = names.at(-1);
  if (name === undefined || SHARED.has(name)) return;
  refuse(
    `collation "${name}" belongs to one server's operating system or ICU`,
    'use COLLATE "C", or the collation that all databases were made with, which needs no COLLATE',
  );
}
