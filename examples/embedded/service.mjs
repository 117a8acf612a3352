// A web service that counts visits, with the replicated store inside its own process: no other program runs. One process
// for each node in real life; `demo.mjs` starts three in one.

import { once } from 'node:events';
import { createServer } from 'node:http';
import { createClient } from '@quorate/client';
import { loadSettings, startServer } from '@quorate/core';
import { defineBackend, SILENT_LOGGER } from '@quorate/core/ports';

/** The replicated state: visits by page. */
function visitsBackend() {
  return defineBackend({
    name: 'visits',
    usage: 'visit PAGE | visits PAGE',
    initial: () => ({ pages: new Map() }),
    parse({ words: [verb, page, ...more] }) {
      if (!['visit', 'visits'].includes(verb) || page === undefined || more.length > 0)
        return { ok: false, error: 'visit PAGE, or visits PAGE' };
      return { ok: true, access: verb === 'visit' ? 'write' : 'read', command: { page } };
    },
    execute({ pages }, { page }) {
      pages.set(page, (pages.get(page) ?? 0) + 1);
      return pages.get(page);
    },
    query: ({ pages }, { page }) => pages.get(page) ?? 0,
  });
}

/**
 * Node number `self` of `addrs`, and a web server on a free port. POST counts a visit of the page, GET asks for the number.
 * The web server's own client knows all nodes: the service works on as long as a majority of them is there.
 */
export async function startService({ self, addrs, dataDir }) {
  const settings = await loadSettings({ env: {}, flags: { addrs: addrs.join(','), dataDir } });
  const node = await startServer({ settings, self, backend: visitsBackend(), logger: SILENT_LOGGER });
  const client = createClient({ endpoints: [addrs[self - 1], ...addrs], clientName: 'visits-service' });
  const web = createServer((request, response) => void answer(client, request, response));
  web.listen(0, '127.0.0.1');
  await once(web, 'listening');
  return {
    url: `http://127.0.0.1:${web.address().port}`,
    async stop() {
      web.close();
      await client.close();
      await node.stop();
    },
  };
}

async function answer(client, { method, url }, response) {
  try {
    const result = await client.exec([method === 'POST' ? 'visit' : 'visits', url]);
    response.end(result.ok ? Buffer.from(result.value) : result.message);
  } catch (error) {
    // `outcome` says whether the visit may have been counted.
    response.writeHead(503).end(`${error.code} (outcome ${error.outcome})`);
  }
}
