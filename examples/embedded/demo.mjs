// Three services in one process, visits through each, one of them stopped on the way: `node examples/embedded/demo.mjs`.
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startService } from './service.mjs';

const dataDir = mkdtempSync(join(tmpdir(), 'quorate-embedded-'));
const addrs = [await freeAddress(), await freeAddress(), await freeAddress()];
const services = await Promise.all([1, 2, 3].map((self) => startService({ self, addrs, dataDir })));
try {
  for (const [index, { url }] of services.entries())
    say(`POST at service ${index + 1}: ${await ask(url, 'POST')}`);
  await services[0].stop();
  say('service 1 is stopped');
  say(`POST at service 2: ${await ask(services[1].url, 'POST')}`);
  say(`GET at service 3: ${await ask(services[2].url, 'GET')}`);
} finally {
  await Promise.all(services.slice(1).map((service) => service.stop()));
  rmSync(dataDir, { recursive: true, force: true });
}

function say(line) {
  process.stdout.write(`${line}\n`);
}

async function ask(url, method) {
  return (await fetch(`${url}/home`, { method })).text();
}

/** An address that was free a moment ago. */
async function freeAddress() {
  const probe = createServer();
  await new Promise((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return `127.0.0.1:${port}`;
}
