/** For tests, tools and benchmarks: throw-away PostgreSQL servers. */
export { Databases, sql } from './databases.ts';
export * from './temporary-postgres.ts';
