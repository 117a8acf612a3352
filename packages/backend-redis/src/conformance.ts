/** Sample commands and throw-away servers for the conformance kit: `quorate conform redis`, and this package's own test. */
import type { Backend } from '@quorate/core/ports';
import { argumentsCommand, type StartedSubject, textCommand } from '@quorate/core/testing';
import { Redis } from 'ioredis';
import { createBackend } from './index.ts';
import { randomRedisCommand } from './testing/random-command.ts';
import { startTemporaryRedis, type TemporaryRedis } from './testing/temporary-redis.ts';

export { createBackend } from './index.ts';

/** Every store is a server of its own, so options that name one cannot be followed. */
export function conformance(options?: unknown): StartedSubject {
  if (options !== undefined)
    throw new TypeError('the conformance of redis starts servers of its own; leave the options out');
  const servers = new Map<Backend, TemporaryRedis>();
  const over = (server: TemporaryRedis): Backend => {
    const backend = createBackend({ url: server.url }) as Backend;
    servers.set(backend, server);
    return backend;
  };
  const serverOf = (backend: Backend): TemporaryRedis => {
    const server = servers.get(backend);
    if (server === undefined) throw new Error('a backend without a server');
    return server;
  };
  return {
    name: 'redis',
    create: async () => over(await startTemporaryRedis()),
    reopen: (backend) => over(serverOf(backend)),
    disturb: (backend) => dropConnections(serverOf(backend)),
    ...SAMPLES,
    randomCommand: randomRedisCommand,
    stop: async () => {
      await Promise.all([...new Set(servers.values())].map((server) => server.stop()));
      servers.clear();
    },
  };
}

const SAMPLES: Pick<StartedSubject, 'commands' | 'refused'> = {
  commands: [
    textCommand('SET colour "red\\x00\\xff"'),
    textCommand('set count 9007199254740993'),
    textCommand('INCR count'),
    textCommand('MULTI; SET a 1; LPUSH a x; INCR a; EXEC'),
    textCommand('SADD tags c b a'),
    textCommand('EXPIRE colour 100'),
    textCommand('get colour'),
    textCommand('SMEMBERS tags'),
    textCommand('MULTI; GET colour; TTL colour; HGETALL h; EXEC'),
    argumentsCommand('GET', Uint8Array.of(0, 255)),
    argumentsCommand('SET', Uint8Array.of(0, 255), new Uint8Array(5000).fill(7)),
    argumentsCommand('MULTI', '3', 'SET', 'a', '1', '2', 'INCR', 'a'),
  ],
  refused: [
    textCommand(''),
    textCommand('NOSUCH a'),
    textCommand('GET'),
    textCommand('SET a 1 EX 0'),
    textCommand('EVAL "return 1" 0'),
    textCommand('SUBSCRIBE a'),
    textCommand('CONFIG GET save'),
    textCommand('SELECT 1'),
    textCommand('MULTI; SET a 1'),
    textCommand('MULTI; SPOP; EXEC'),
    textCommand('SET "open'),
    argumentsCommand(),
    argumentsCommand('MULTI', '9', 'SET', 'a'),
    { form: 'arguments', bytes: Uint8Array.of(1, 0, 9) },
  ],
};

async function dropConnections({ url }: TemporaryRedis): Promise<void> {
  const client = new Redis(url, { lazyConnect: true, protocol: 2 });
  await client.connect();
  await client.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
  client.disconnect();
}
