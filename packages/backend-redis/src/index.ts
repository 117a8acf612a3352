/** Public surface of @quorate/backend-redis. Choose it with `backend: redis` in config.yaml. */
import { RedisBackend } from './redis-backend.ts';

export { COMMAND_TABLE, type Verdict } from './commands/command-table.ts';
export { type RedisCommand } from './commands/redis-command.ts';
export { RedisBackend } from './redis-backend.ts';
export { decodeReply, formatReply, type RedisReply } from './reply/redis-reply.ts';

/** The factory that the framework calls with `backendOptions` of config.yaml. @throws QuorateError CONFIG_INVALID */
export function createBackend(options?: unknown): RedisBackend {
  return new RedisBackend(options);
}

export default createBackend;
