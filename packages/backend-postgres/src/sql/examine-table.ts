/**
 * What writing to a table sets off: defaults, checks, generated columns, index expressions, triggers, and through
 * foreign keys the same in other tables.
 */
import type { Catalog, Column, Relation, TableEvent } from './catalog.ts';
import { assertSequence } from './examine-call.ts';
import { examineFunction } from './examine-function.ts';
import { examineStored, examineTriggerCondition, remembered } from './examine-stored.ts';
import { Findings } from './findings.ts';
import { refuse } from './refusal.ts';

export type TableFacts = {
  /** All that checks and triggers do; defaults are asked for one by one. */
  readonly findings: Findings;
  /** Why it matters in which order the rows of one statement are written; undefined when it does not. */
  readonly rowOrder: string | undefined;
};

/** @throws Refusal when writing to the table is not the same on every replica */
export function examineWriting(relation: Relation, event: TableEvent, catalog: Catalog): TableFacts {
  return remembered(catalog, `writing:${relation.oid}:${event}`, () => {
    const findings = new Findings();
    let rowOrder: string | undefined;
    for (const each of catalog.withHeirs(relation)) {
      assertWritable(each);
      if (event === 'insert' || event === 'update') examineRowExpressions(each, catalog, findings);
      rowOrder ??= examineTriggers(each, event, catalog, findings);
    }
    examineCascades(relation, event, catalog, findings, rowOrder);
    return { findings, rowOrder };
  });
}

function assertWritable(relation: Relation): void {
  const { name } = relation;
  if (relation.relationKind === 'v' || relation.relationKind === 'm')
    refuse(`${name} is a view`, 'write to the table below it');
  if (relation.relationKind === 'f')
    refuse(
      `${name} is a foreign table: it would be written once per replica`,
      'write to it from your program',
    );
  if (relation.relationKind === 'S') refuse(`${name} is a sequence`, 'use ALTER SEQUENCE');
  if (relation.isUnlogged)
    refuse(`${name} is unlogged: it is empty after a crash of one server`, `ALTER TABLE ${name} SET LOGGED`);
  if (relation.hasRules)
    refuse(`${name} has rules, which rewrite statements after they were examined`, 'use a trigger');
  if (relation.hasRowSecurity)
    refuse(`${name} has row level security, which depends on the role of the connection`, 'use a view');
  if (relation.deferredConstraint !== undefined)
    refuse(
      `the constraint ${relation.deferredConstraint} of ${name} is checked at the end of a transaction, which holds many commands`,
      `ALTER TABLE ${name} ALTER CONSTRAINT ${relation.deferredConstraint} INITIALLY IMMEDIATE`,
    );
}

function examineRowExpressions(relation: Relation, catalog: Catalog, findings: Findings): void {
  for (const text of relation.rowExpressions)
    findings.absorb(examineStored(text, `a check or an index of ${relation.name}`, catalog, relation));
  for (const { name, domainChecks } of relation.columns.values())
    for (const check of domainChecks)
      findings.absorb(examineStored(check, `the domain of ${relation.name}.${name}`, catalog));
  for (const column of relation.columns.values())
    if (column.isGenerated && column.expression !== undefined)
      findings.absorb(
        examineStored(
          column.expression,
          `the generated column ${relation.name}.${column.name}`,
          catalog,
          relation,
        ),
      );
}

/** @returns why the order of rows matters */
function examineTriggers(
  relation: Relation,
  event: TableEvent,
  catalog: Catalog,
  findings: Findings,
): string | undefined {
  let rowOrder: string | undefined;
  for (const trigger of relation.triggers) {
    if (!trigger.events.has(event)) continue;
    const called = catalog.functionsByOid.get(trigger.functionOid);
    if (called?.schema === 'quorate') continue; // Keeps foreign writers out; does nothing for commands.
    if (called === undefined)
      return refuse(`the function of the trigger ${trigger.name} is not known`, 'drop the trigger');
    if (trigger.conditional !== undefined)
      findings.absorb(
        examineTriggerCondition(trigger.conditional, `the condition of ${trigger.name}`, relation, catalog),
      );
    const done = examineFunction(called, catalog);
    findings.absorb(done);
    const key = [...relation.immediateKeyColumns].find((name) => done.assigned.has(name));
    if (trigger.isRow && event === 'update' && (key !== undefined || done.assigned.has('*')))
      rowOrder ??= `the trigger ${trigger.name} of ${relation.name} changes ${key ?? 'all columns'}, part of a unique key`;
    if (trigger.isRow && (done.draws || done.writes || done.reads))
      rowOrder ??= `the trigger ${trigger.name} of ${relation.name} runs for each row and reads or changes other rows`;
  }
  return rowOrder;
}

/** Rows of other tables that go or change along: in no certain order, whatever the statement says. */
function examineCascades(
  relation: Relation,
  event: TableEvent,
  catalog: Catalog,
  findings: Findings,
  rowOrder?: string,
): void {
  if (event !== 'delete' && event !== 'update') return;
  const referenced = new Set(catalog.withHeirs(relation).map(({ oid }) => oid));
  for (const key of catalog.foreignKeys) {
    if (!referenced.has(key.references)) continue;
    const action = event === 'delete' ? key.onDelete : key.onUpdate;
    const child = catalog.relationByOid(key.table);
    if (child === undefined || !['c', 'n', 'd'].includes(action)) continue;
    const childEvent = event === 'delete' && action === 'c' ? 'delete' : 'update';
    const isOwn = child.oid === relation.oid && childEvent === event;
    const facts = isOwn ? { findings, rowOrder } : examineWriting(child, childEvent, catalog);
    findings.absorb(facts.findings);
    if (facts.rowOrder !== undefined)
      refuse(
        `a foreign key of ${child.name} cascades, and ${facts.rowOrder}`,
        'make it a trigger FOR EACH STATEMENT',
      );
    if (action === 'd')
      for (const column of child.columns.values())
        if (examineDefault(child, column, catalog).draws)
          refuse(
            `a foreign key of ${child.name} sets a default that differs for each row`,
            'use ON DELETE SET NULL',
          );
  }
}

/** What a column takes when the statement gives it nothing. @throws Refusal */
export function examineDefault(relation: Relation, column: Column, catalog: Catalog): Findings {
  const findings = new Findings();
  if (column.isIdentity) {
    findings.draws = true;
    assertOwnSequence(relation, column, catalog);
  }
  if (column.expression !== undefined && !column.isGenerated)
    findings.absorb(
      examineStored(column.expression, `the default of ${relation.name}.${column.name}`, catalog, relation),
    );
  // What it reads may be what the rows before it have written.
  if (findings.reads) findings.draws = true;
  return findings;
}

function assertOwnSequence(relation: Relation, column: Column, catalog: Catalog): void {
  const own = catalog.sequence(relation.schema, `${relation.name}_${column.name}_seq`);
  if (own !== undefined) assertSequence(own);
}
