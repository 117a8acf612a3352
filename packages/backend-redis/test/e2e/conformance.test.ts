/** The Redis backend keeps the rules of all backends, on real servers. */
import type { RedisBackend } from '@quorate/backend-redis';
import { createBackend } from '@quorate/backend-redis';
import type { TemporaryRedis } from '@quorate/backend-redis/testing';
import {
  argumentsCommand,
  type BackendSubject,
  backendConformance,
  textCommand,
} from '@quorate/core/testing';
import { randomRedisCommand } from '../support/random-command.ts';
import { freshServer, stopServers } from '../support/servers.ts';

const servers = new Map<unknown, TemporaryRedis>();

async function create(): Promise<RedisBackend> {
  return over(await freshServer());
}

function over(server: TemporaryRedis): RedisBackend {
  const backend = createBackend({ url: server.url });
  servers.set(backend, server);
  return backend;
}

function serverOf(backend: unknown): TemporaryRedis {
  const server = servers.get(backend);
  if (server === undefined) throw new Error('no server of this backend');
  return server;
}

const SUBJECT: BackendSubject = {
  name: 'redis',
  create,
  reopen: (backend) => over(serverOf(backend)),
  disturb: (backend) => dropClients(serverOf(backend)),
  patienceMs: 20_000,
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
  randomCommand: randomRedisCommand,
};

async function dropClients(server: TemporaryRedis): Promise<void> {
  const { Redis } = await import('ioredis');
  const client = new Redis(server.url, { lazyConnect: true, protocol: 2 });
  await client.connect();
  await client.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
  client.disconnect();
}

describe('Redis backend', function () {
  this.timeout(120_000);

  afterEach(async () => {
    servers.clear();
    await stopServers();
  });

  backendConformance(SUBJECT);
});
