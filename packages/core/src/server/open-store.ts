/** Opens the store of a backend for this node, and refuses one of another cluster. */
import { QuorateError } from '@quorate/wire';
import {
  type Backend,
  type BackendContext,
  type BackendImage,
  BackendUnavailable,
} from '../ports/backend.ts';
import type { Logger } from '../ports/logger.ts';

/** Undefined when the store is away: the node votes without it. */
export async function openIfThere(
  backend: Backend,
  context: BackendContext,
  logger: Logger,
): Promise<BackendImage | undefined> {
  try {
    return await openBackend(backend, context);
  } catch (error) {
    if (!(error instanceof BackendUnavailable)) throw error;
    logger.warn('the store of the backend is away; the node votes, and opens it when it is back', {
      backend: backend.name,
      detail: error.message,
    });
    return undefined;
  }
}

/** @throws BackendUnavailable, or BACKEND_MARK_MISMATCH and what else contradicts this node */
export async function openBackend(backend: Backend, context: BackendContext): Promise<BackendImage> {
  const image = await backend.open(context);
  const { mark } = image;
  if (mark !== undefined && (mark.clusterId !== context.clusterId || mark.group !== context.group)) {
    throw new QuorateError(
      'BACKEND_MARK_MISMATCH',
      `the store of backend ${backend.name} belongs to cluster ${mark.clusterId}, group ${mark.group}; this node belongs to cluster ${context.clusterId}, group ${context.group}. Give this node a store of its own`,
    );
  }
  return image;
}
