/**
 * Code that stands in the database and runs when a statement does not name it: defaults, checks, generated columns,
 * index expressions, views. Each is examined once per catalog epoch.
 */
import type { Catalog, Relation } from './catalog.ts';
import { examineExpression } from './examine-expression.ts';
import { examineQuery } from './examine-query.ts';
import { Findings, type Place } from './findings.ts';
import { parseOne } from './grammar.ts';
import { Refusal, refuse } from './refusal.ts';
import { EMPTY_SCOPE, type QueryShape, type Scope, tableOfRelation } from './scope.ts';
import { nodeOf, nodesOf } from './tree.ts';

/** An expression as the server prints it. `what` is for messages: "the default of t.a". @throws Refusal */
export function examineStored(text: string, what: string, catalog: Catalog, relation?: Relation): Findings {
  return remembered(catalog, `expression:${relation?.oid ?? ''}:${what}:${text}`, () => {
    const place: Place = { catalog, findings: new Findings(), origin: { stored: what }, isPerRow: false };
    const scope: Scope =
      relation === undefined
        ? EMPTY_SCOPE
        : { ...EMPTY_SCOPE, tables: [tableOfRelation(relation, relation.name)] };
    // Several expressions of an index come as a list, which is a list of targets as well.
    const [, ...targets] = nodesOf(parseOne(`select 0, ${text}`), 'targetList');
    for (const target of targets) {
      const value = nodeOf(target, 'val');
      if (value !== undefined) examineExpression(value, scope, place);
    }
    return place.findings;
  });
}

/** The WHEN of a trigger, from its whole CREATE TRIGGER. @throws Refusal */
export function examineTriggerCondition(
  createTrigger: string,
  what: string,
  relation: Relation,
  catalog: Catalog,
): Findings {
  return remembered(catalog, `condition:${relation.oid}:${what}`, () => {
    const place: Place = { catalog, findings: new Findings(), origin: { stored: what }, isPerRow: true };
    const condition = nodeOf(parseOne(createTrigger), 'whenClause');
    const tables = ['new', 'old'].map((name) => tableOfRelation(relation, name));
    if (condition !== undefined) examineExpression(condition, { ...EMPTY_SCOPE, tables }, place);
    return place.findings;
  });
}

/** What a view does when it is read inside a write. @throws Refusal */
export function examineView(
  relation: Relation,
  catalog: Catalog,
): { readonly findings: Findings; readonly shape: QueryShape } {
  return remembered(catalog, `view:${relation.oid}`, () => {
    const findings = new Findings();
    const place: Place = {
      catalog,
      findings,
      origin: { stored: `the view ${relation.name}` },
      isPerRow: true,
    };
    const shape = examineQuery(parseOne(relation.definition ?? ''), undefined, place);
    return { findings, shape };
  });
}

/** The same answer for the whole life of the catalog's picture, a refusal included. */
export function remembered<T>(catalog: Catalog, key: string, examine: () => T): T {
  const known = catalog.memo.get(key) as { readonly value: T } | Refusal | 'open' | undefined;
  if (known === 'open') return refuse(`${key.split(':')[0]} calls itself`, 'write it without recursion');
  if (known instanceof Refusal) throw known;
  if (known !== undefined) return known.value;
  catalog.memo.set(key, 'open');
  try {
    const value = examine();
    catalog.memo.set(key, { value });
    return value;
  } catch (error) {
    if (error instanceof Refusal) catalog.memo.set(key, error);
    else catalog.memo.delete(key);
    throw error;
  }
}
