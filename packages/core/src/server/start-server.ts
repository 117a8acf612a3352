/**
 * Starts a node, in the order that safety wants: journal (lock, identity, incarnation flushed), backend, then the port,
 * then peers and clients. Gives back what it has taken when a step fails.
 */
import { join } from 'node:path';
import { QuorateError } from '@quorate/wire';
import { makeDirectory } from '../config/data-directory.ts';
import { clusterIdOf, genesisDigestOf } from '../config/identity.ts';
import type { BackendImage } from '../ports/backend.ts';
import { backendFactsOf } from './backend-facts.ts';
import { claimForBackend } from './backend-name.ts';
import { refuseCondemned } from './condemned.ts';
import { createJournal } from './journals.ts';
import { openBackend, openIfThere } from './open-store.ts';
import { type Closing, closeAll } from './release.ts';
import { GROUP, RunningNode, type RunningServer, type ServerOptions } from './running-node.ts';

/** @throws QuorateError: CONFIG_INVALID, ADDRESS_IN_USE, JOURNAL_LOCKED, JOURNAL_FOREIGN, JOURNAL_CORRUPT, JOURNAL_IO, BACKEND_DIVERGED */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { settings, self, backend, logger } = options;
  const addr = settings.addrs[self - 1];
  if (addr === undefined)
    throw new QuorateError(
      'CONFIG_INVALID',
      `node ${self} is not in addrs, which lists ${settings.addrs.length}`,
    );
  const directory = join(settings.dataDir, `node-${self}`);
  makeDirectory(directory);
  refuseCondemned(directory);
  const journal = createJournal({
    kind: settings.journal,
    directory: join(directory, 'journal'),
    thread: settings.journalThread,
    logger,
  });
  const clusterId = clusterIdOf(settings);
  const genesisDigest = genesisDigestOf(settings);
  const opened = await journal.open({ clusterId, genesisDigest, node: self, group: GROUP });
  const undo: Closing[] = [{ what: 'the journal', close: () => journal.close() }];
  const abort = new AbortController();
  let server: RunningNode | undefined;
  try {
    claimForBackend(directory, backend.name);
    const context = {
      clusterId,
      group: GROUP,
      node: self,
      directory: join(directory, 'backend'),
      signal: abort.signal,
      options: settings.backendOptions,
    };
    makeDirectory(context.directory);
    undo.push({ what: 'the backend', close: () => backend.close() });
    const image = await openIfThere(backend, context, logger);
    const reopen = async (): Promise<BackendImage> => {
      const before = JSON.stringify(backendFactsOf(backend));
      const reopened = await openBackend(backend, context);
      if (JSON.stringify(backendFactsOf(backend)) !== before) server?.greetAgain();
      return reopened;
    };
    const store = { image, reopen };
    server = new RunningNode(options, addr, journal, opened, store, { clusterId, genesisDigest, abort });
  } catch (error) {
    abort.abort();
    const trouble = await closeAll(undo.reverse());
    if (trouble !== undefined) logger.warn('the node was not closed cleanly', { detail: trouble.message });
    throw error;
  }
  await server.listen();
  return server;
}
