/** Redis servers for tests: as many as are asked for, all gone after the test that asked. */
import {
  startTemporaryRedis,
  type TemporaryRedis,
  type TemporaryRedisOptions,
} from '@quorate/backend-redis/testing';

const running = new Set<TemporaryRedis>();

export async function freshServer(options?: TemporaryRedisOptions): Promise<TemporaryRedis> {
  const server = await startTemporaryRedis(options);
  running.add(server);
  return server;
}

export async function stopServers(): Promise<void> {
  const servers = [...running];
  running.clear();
  await Promise.all(servers.map((server) => server.stop()));
}
