/** Counters in Redis. */
import { createBackend, decodeReply } from '@quorate/backend-redis';
import { startTemporaryRedis } from '@quorate/backend-redis/testing';
import { type ExecResult, RefusedError } from '@quorate/client';
import type { StoreKind } from './store-kind.ts';

export const redis: StoreKind = {
  name: 'redis',
  startServer: () => startTemporaryRedis(),
  prepare: async () => undefined,
  increment: async (client, key) => numberIn(await client.exec(['INCR', key])),
  count: async (client, key) => numberIn(await client.exec(['GET', key])),
  async digest(url) {
    const backend = createBackend({ url });
    try {
      return await backend.digest();
    } finally {
      await backend.close();
    }
  },
};

function numberIn(result: ExecResult): number {
  if (!result.ok) throw new RefusedError(result.code, result.message, result.slot);
  const reply = decodeReply(result.value);
  if (reply.kind === 'integer') return Number(reply.digits);
  return reply.kind === 'bytes' ? Number(Buffer.from(reply.bytes).toString()) : 0;
}
