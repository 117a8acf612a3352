/** For tests, tools and benchmarks: throw-away PostgreSQL servers. */
export * from './temporary-postgres.ts';
