/**
 * A cluster on the counter backend, which is chosen by the path of its module as a user would choose theirs.
 */
import { fileURLToPath } from 'node:url';
import type { ClusterOptions } from '#src/spawn/index.ts';

export function counterCluster(nodes: number): ClusterOptions {
  return {
    nodes,
    settings: { backend: fileURLToPath(new URL('../fixtures/counter-backend.js', import.meta.url)) },
  };
}
