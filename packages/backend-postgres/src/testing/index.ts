/** For tests, tools and benchmarks: throw-away PostgreSQL servers. */
export { Databases, sql } from './databases.ts';
export { findServerPrograms } from './server-programs.ts';
export * from './temporary-postgres.ts';
