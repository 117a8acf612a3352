/** Faces by the name of the backend. */
import type { ReplFace } from './face.ts';
import { KV_FACE, PLAIN_FACE } from './plain.ts';
import { POSTGRES_FACE } from './postgres.ts';
import { REDIS_FACE } from './redis.ts';

export type { ReplFace } from './face.ts';
export { PLAIN_FACE } from './plain.ts';

/** Any other backend, and one whose name is not known, speaks in plain values. */
export function faceOf(backend: string | undefined): ReplFace {
  if (backend === 'kv') return KV_FACE;
  if (backend === 'postgres') return POSTGRES_FACE;
  return backend === 'redis' ? REDIS_FACE : PLAIN_FACE;
}
