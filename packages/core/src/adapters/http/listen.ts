/**
 * Opens the one port of a node, and says in one line what is wrong when that fails.
 */
import type { Server } from 'node:http';
import { QuorateError } from '@quorate/wire';

export type BoundAddress = { readonly host: string; readonly port: number };

/** @throws ADDRESS_IN_USE; CONFIG_INVALID when this machine cannot listen there at all. */
export function listen(server: Server, host: string, port: number): Promise<BoundAddress> {
  return new Promise((resolve, reject) => {
    const onError = (error: NodeJS.ErrnoException): void => reject(listenError(error, host, port));
    server.once('error', onError);
    server.listen({ host, port, exclusive: true }, () => {
      server.off('error', onError);
      const address = server.address();
      resolve(
        address === null || typeof address === 'string'
          ? { host, port }
          : { host: address.address, port: address.port },
      );
    });
  });
}

export function listenError(cause: NodeJS.ErrnoException, host: string, port: number): QuorateError {
  const where = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  switch (cause.code) {
    case 'EADDRINUSE':
      return new QuorateError('ADDRESS_IN_USE', `${where} is in use by another process`, { cause });
    case 'EADDRNOTAVAIL':
      return new QuorateError(
        'CONFIG_INVALID',
        `cannot listen on ${where}: the address does not belong to this machine`,
        { cause },
      );
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new QuorateError('CONFIG_INVALID', `cannot listen on ${where}: the name ${host} is not known`, {
        cause,
      });
    case 'EACCES':
      return new QuorateError('CONFIG_INVALID', `cannot listen on ${where}: this user may not use the port`, {
        cause,
      });
    default:
      return new QuorateError('CONFIG_INVALID', `cannot listen on ${where}: ${cause.message}`, { cause });
  }
}
