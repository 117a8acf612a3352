/** For tests, tools and benchmarks: throw-away Redis servers. */
export * from './temporary-redis.ts';
