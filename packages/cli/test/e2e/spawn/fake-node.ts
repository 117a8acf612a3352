/**
 * A stand-in for `quorate start N --config FILE` that elects the lowest node that answers and keeps no log. It lets
 * the process helper be tested for what is its own (ports, signals, files, waiting) without a real node.
 */
import { readFileSync } from 'node:fs';
import { createServer, get } from 'node:http';

const [, , verb, nodeText, flag, configPath] = process.argv;
if (verb !== 'start' || flag !== '--config' || configPath === undefined) process.exit(2);
const self = Number(nodeText);
const text = readFileSync(configPath, 'utf8');
const addrs = [...text.matchAll(/^ {2}- (\S+)$/gm)].map((match) => match[1] ?? '');
const port = Number(addrs[self - 1]?.split(':')[1]);

if (text.includes('failToStart: true')) {
  console.error(`node ${self} refuses to start`);
  process.exit(1);
}

function alive(addr: string): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get(`http://${addr}/livez`, { agent: false, timeout: 300 }, (response) => {
      response.resume();
      resolve(true);
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(false));
    request.on('close', () => resolve(false));
  });
}

async function status(): Promise<string> {
  const up = await Promise.all(
    addrs.map((addr, index) => (index + 1 === self ? Promise.resolve(true) : alive(addr))),
  );
  const leader = up.filter(Boolean).length * 2 > addrs.length ? up.indexOf(true) + 1 : null;
  const role = leader === self ? 'leader' : 'follower';
  return JSON.stringify({
    node: self,
    addr: addrs[self - 1],
    pid: process.pid,
    role,
    ballot: { round: 1, node: leader ?? 0 },
    leader,
    learnedSlot: 7,
    appliedSlot: 7,
    quorumConnected: leader !== null,
  });
}

const server = createServer((request, response) => {
  if (request.url === '/livez') response.end('ok');
  else void status().then((text) => response.end(text));
});
server.listen(port, '127.0.0.1');
process.on('SIGTERM', () => process.exit(0));
