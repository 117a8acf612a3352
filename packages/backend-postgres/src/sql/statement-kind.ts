/**
 * The first question about a statement, answered from its tree alone: does it read, change rows, change the schema,
 * or can it not be replicated at all? Every kind of statement that PostgreSQL has is either named here or refused
 * as unknown.
 */

import { effectOfReading } from './function-lists.ts';
import { refuse } from './refusal.ts';
import { namesOf, nodeOf, nodesOf, type SqlNode, textOf, walk } from './tree.ts';

export type StatementKind = 'read' | 'rows' | 'schema';

const ROWS = new Set(['InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt', 'TruncateStmt', 'CallStmt']);

const SCHEMA = new Set([
  'CreateStmt',
  'CreateTableAsStmt',
  'IndexStmt',
  'AlterTableStmt',
  'RenameStmt',
  'DropStmt',
  'ViewStmt',
  'CreateFunctionStmt',
  'CreateTrigStmt',
  'CreateSeqStmt',
  'AlterSeqStmt',
  'CreateEnumStmt',
  'AlterEnumStmt',
  'CompositeTypeStmt',
  'CreateRangeStmt',
  'CreateDomainStmt',
  'AlterDomainStmt',
  'CreateSchemaStmt',
  'CommentStmt',
  'CreateStatsStmt',
  'CreateExtensionStmt',
]);

const ONE_COMMAND =
  'one command is one transaction: send several statements together as "...; ..." and they take effect together';
const LOCALLY = 'run it on each server yourself; it changes no replicated data';
const EACH_SERVER = 'set it up on each server yourself, the same everywhere';
const CALL = 'put the code into a procedure (CREATE PROCEDURE) and CALL it';

/** Statement kind: the reason and the way out. */
const REFUSED: Readonly<Record<string, readonly [string, string]>> = {
  TransactionStmt: ['transaction control is not replicated', ONE_COMMAND],
  VariableSetStmt: ['SET changes a session, and commands share none', 'write the setting into the statement'],
  DiscardStmt: ['DISCARD changes a session, and commands share none', 'leave it out'],
  RefreshMatViewStmt: [
    'a materialized view cannot be carried to another node as it was',
    'use a table and INSERT ... SELECT',
  ],
  CopyStmt: ['COPY needs a connection of its own', 'use INSERT with many rows, or SELECT'],
  ListenStmt: ['LISTEN belongs to one connection', 'watch through the client of the cluster'],
  UnlistenStmt: ['UNLISTEN belongs to one connection', 'leave it out'],
  NotifyStmt: ['NOTIFY would fire once per replica', 'insert a row into a table and poll it'],
  VacuumStmt: ['VACUUM and ANALYZE work on one server', LOCALLY],
  ClusterStmt: ['CLUSTER changes the physical order of one server only', LOCALLY],
  ReindexStmt: ['REINDEX works on one server', LOCALLY],
  CheckPointStmt: ['CHECKPOINT works on one server', LOCALLY],
  LoadStmt: ['LOAD brings a library into one server', EACH_SERVER],
  LockStmt: ['LOCK TABLE has no use here: commands run one at a time', 'leave it out'],
  DeclareCursorStmt: ['cursors live in one connection', 'use SELECT with ORDER BY and LIMIT'],
  FetchStmt: ['cursors live in one connection', 'use SELECT with ORDER BY and LIMIT'],
  ClosePortalStmt: ['cursors live in one connection', 'leave it out'],
  PrepareStmt: ['PREPARE lives in one connection', 'send the statement with parameters'],
  ExecuteStmt: [
    'EXECUTE of a prepared statement lives in one connection',
    'send the statement with parameters',
  ],
  DeallocateStmt: ['DEALLOCATE lives in one connection', 'leave it out'],
  ConstraintsSetStmt: [
    'SET CONSTRAINTS would reach into other commands',
    'constraints are checked after each statement',
  ],
  DoStmt: ['a DO block can run anything', CALL],
  RuleStmt: ['rules rewrite statements after they were examined', 'use a trigger'],
  CreatePolicyStmt: ['row level security depends on the role of the connection', 'use a view'],
  AlterPolicyStmt: ['row level security depends on the role of the connection', 'use a view'],
  CreateRoleStmt: ['roles belong to one server', EACH_SERVER],
  AlterRoleStmt: ['roles belong to one server', EACH_SERVER],
  AlterRoleSetStmt: ['roles belong to one server', EACH_SERVER],
  DropRoleStmt: ['roles belong to one server', EACH_SERVER],
  GrantRoleStmt: ['roles belong to one server', EACH_SERVER],
  GrantStmt: ['privileges name roles, which belong to one server', EACH_SERVER],
  AlterDefaultPrivilegesStmt: ['privileges name roles, which belong to one server', EACH_SERVER],
  AlterOwnerStmt: ['owners are roles, which belong to one server', EACH_SERVER],
  ReassignOwnedStmt: ['owners are roles, which belong to one server', EACH_SERVER],
  DropOwnedStmt: ['DROP OWNED reaches whatever a role of one server owns', 'drop each thing by name'],
  CreatedbStmt: ['databases are made on one server', EACH_SERVER],
  DropdbStmt: ['databases are dropped on one server', EACH_SERVER],
  AlterDatabaseStmt: ['databases belong to one server', EACH_SERVER],
  AlterDatabaseSetStmt: ['settings of a database belong to one server', EACH_SERVER],
  AlterDatabaseRefreshCollStmt: ['collation versions belong to one server', EACH_SERVER],
  AlterSystemStmt: ['ALTER SYSTEM configures one server', EACH_SERVER],
  CreateTableSpaceStmt: ['tablespaces are directories of one server', EACH_SERVER],
  DropTableSpaceStmt: ['tablespaces are directories of one server', EACH_SERVER],
  AlterTableSpaceOptionsStmt: ['tablespaces are directories of one server', EACH_SERVER],
  AlterTableMoveAllStmt: ['tablespaces are directories of one server', LOCALLY],
  CreateForeignServerStmt: [
    'a foreign server would be written once per replica',
    'write to it from your program',
  ],
  AlterForeignServerStmt: [
    'a foreign server would be written once per replica',
    'write to it from your program',
  ],
  CreateForeignTableStmt: [
    'a foreign table would be written once per replica',
    'write to it from your program',
  ],
  CreateFdwStmt: ['a foreign data wrapper reaches out of the database', 'write to it from your program'],
  AlterFdwStmt: ['a foreign data wrapper reaches out of the database', 'write to it from your program'],
  CreateUserMappingStmt: ['user mappings reach out of the database', EACH_SERVER],
  AlterUserMappingStmt: ['user mappings reach out of the database', EACH_SERVER],
  DropUserMappingStmt: ['user mappings reach out of the database', EACH_SERVER],
  ImportForeignSchemaStmt: ['a foreign schema differs from server to server', 'create the tables by name'],
  CreatePublicationStmt: ['logical replication is set up per server', EACH_SERVER],
  AlterPublicationStmt: ['logical replication is set up per server', EACH_SERVER],
  CreateSubscriptionStmt: ['a subscription writes past the log', 'send the changes as commands'],
  AlterSubscriptionStmt: ['a subscription writes past the log', 'send the changes as commands'],
  DropSubscriptionStmt: ['a subscription writes past the log', LOCALLY],
  CreateEventTrigStmt: ['event triggers run on schema changes unexamined', 'use row or statement triggers'],
  AlterEventTrigStmt: ['event triggers run on schema changes unexamined', 'use row or statement triggers'],
  CreateCastStmt: ["a cast of one's own is called where no statement shows it", 'call a function by name'],
  CreateConversionStmt: ['a conversion is called where no statement shows it', 'call a function by name'],
  CreateTransformStmt: ['transforms belong to other procedural languages', 'use SQL or PL/pgSQL'],
  CreatePLangStmt: ['only SQL and PL/pgSQL can be examined', 'use one of these'],
  CreateAmStmt: ['access methods are libraries of one server', EACH_SERVER],
  CreateOpClassStmt: [
    "operators of one's own are called where no statement shows it",
    'call a function by name',
  ],
  CreateOpFamilyStmt: [
    "operators of one's own are called where no statement shows it",
    'call a function by name',
  ],
  AlterOpFamilyStmt: [
    "operators of one's own are called where no statement shows it",
    'call a function by name',
  ],
  AlterOperatorStmt: [
    "operators of one's own are called where no statement shows it",
    'call a function by name',
  ],
  DefineStmt: [
    "aggregates, operators, base types and collations of one's own cannot be examined",
    'use built-in ones',
  ],
  AlterFunctionStmt: ['ALTER FUNCTION changes how a body is read', 'use CREATE OR REPLACE FUNCTION'],
  SecLabelStmt: ['security labels belong to one server', EACH_SERVER],
  AlterObjectSchemaStmt: [
    'moving between schemas changes which names are found',
    'create it in the other schema',
  ],
  AlterExtensionStmt: [
    "an extension's new version comes from the files of one server",
    'stop all nodes and update it on each server',
  ],
  AlterExtensionContentsStmt: [
    "an extension's contents come from the files of one server",
    'leave them as they are',
  ],
  AlterObjectDependsStmt: ['dependencies on extensions are not replicated', 'leave it out'],
  AlterTypeStmt: ["base types of one's own cannot be examined", 'use built-in ones'],
  AlterCollationStmt: ['collation versions belong to one server', EACH_SERVER],
  AlterStatsStmt: ['statistics belong to one server', LOCALLY],
  AlterTSConfigurationStmt: ['text search configurations read files of one server', EACH_SERVER],
  AlterTSDictionaryStmt: ['text search dictionaries read files of one server', EACH_SERVER],
};

/** @throws Refusal */
export function statementKind(tree: SqlNode): StatementKind {
  const refused = REFUSED[tree.kind];
  if (refused !== undefined) return refuse(...refused);
  if (tree.kind === 'SelectStmt') return kindOfSelect(tree);
  if (tree.kind === 'VariableShowStmt') return 'read';
  if (tree.kind === 'ExplainStmt') return kindOfExplain(tree);
  if (ROWS.has(tree.kind)) return 'rows';
  if (SCHEMA.has(tree.kind)) return 'schema';
  return refuse(
    `statements of the kind ${tree.kind} are not known to the examination`,
    'use another statement',
  );
}

function kindOfExplain(tree: SqlNode): StatementKind {
  const query = nodeOf(tree, 'query');
  const isExecuted = nodesOf(tree, 'options').some((option) => textOf(option, 'defname') === 'analyze');
  if (!isExecuted || query === undefined) return 'read';
  if (query.kind === 'SelectStmt' && kindOfSelect(query) === 'read') return 'read';
  return refuse('EXPLAIN ANALYZE of a write executes it on one server', 'leave out ANALYZE');
}

/** A SELECT reads unless something inside it changes rows or draws from a sequence. */
function kindOfSelect(tree: SqlNode): StatementKind {
  let kind: StatementKind = 'read';
  let locks = false;
  walk(tree, (node) => {
    if (node.kind === 'IntoClause')
      refuse('SELECT INTO makes a table', 'write CREATE TABLE ... AS SELECT ...');
    if (ROWS.has(node.kind)) kind = 'rows';
    if (node.kind === 'LockingClause') locks = true;
    if (node.kind === 'FuncCall') {
      const name = namesOf(node, 'funcname').at(-1) ?? '';
      const effect = effectOfReading(name);
      if (effect === 'write') kind = 'rows';
      else if (effect !== undefined) refuse(...effect);
    }
    return undefined;
  });
  if (locks && kind === 'read')
    refuse('FOR UPDATE and FOR SHARE lock rows of one server', 'leave it out: commands run one at a time');
  return kind;
}
