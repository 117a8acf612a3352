/**
 * Which node of the cluster this process is to be: a number, an address, `_` for the first free one, or whatever
 * belongs to this machine.
 *
 * Owns: what belongs to this machine, and errors that list the choices. Leaves to others: holding the port - an
 * address that is free here may be taken a moment later, and the server then says so.
 */
import { lookup } from 'node:dns/promises';
import { createServer } from 'node:net';
import { hostname, networkInterfaces } from 'node:os';
import { QuorateError } from '@quorate/wire';
import { asNodeId, type NodeId } from '../protocol/types.ts';
import { isLoopbackHost, parseAddress } from './address.ts';
import { settingProblem } from './setting-problem.ts';
import type { Settings } from './settings.ts';
import { configError } from './source.ts';
import { systemErrorCode } from './system-error.ts';

/** What trying to listen at an address found. */
export type AddressState = 'free' | 'in-use' | 'foreign';

const LOOKUP_TIMEOUT_MS = 2000;

/**
 * `which`: `1` counts `addrs` from 1, `host:port` is one of them, `_` the first of this machine that nobody
 * listens on, undefined the only one that belongs to this machine.
 * @throws ARGUMENT, listing the choices; CONFIG_INVALID for an address that is not this machine's; ADDRESS_IN_USE
 */
export async function resolveSelf(settings: Settings, which: string | undefined): Promise<NodeId> {
  if (which === undefined) return onlyLocal(settings);
  if (which === '_') return firstFree(settings);
  const index = /^\d+$/.test(which) ? Number(which) - 1 : settings.addrs.indexOf(canonical(which));
  const addr = settings.addrs[index];
  if (addr === undefined)
    throw new QuorateError('ARGUMENT', `${which} is not a node of this cluster\n${choices(settings)}`);
  if ((await probeAddress(addr)) === 'foreign') throw foreign(settings, index);
  return asNodeId(index + 1);
}

/** Numbers of the nodes whose address belongs to this machine, ascending. */
export async function localNodes(settings: Settings): Promise<NodeId[]> {
  const local = await Promise.all(settings.addrs.map(isLocalAddress));
  return local.flatMap((isLocal, index) => (isLocal ? [asNodeId(index + 1)] : []));
}

/** The error for an address at which this machine cannot listen, with its place in the file. */
export function foreign(settings: Settings, index: number): QuorateError {
  const what = `${settings.addrs[index] ?? ''} does not belong to this machine`;
  const hint = 'start this node on the machine that has the address, or correct the list';
  return configError(settings.source, [settingProblem(settings, 'addrs', `addrs.${index}`, what, hint)]);
}

/** Tries to listen there and lets go at once. */
export function probeAddress(addr: string): Promise<AddressState> {
  const { host, port } = hostAndPort(addr);
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error) => {
      const code = systemErrorCode(error);
      // EACCES is a port below 1024: the address is this machine's, and the server will say what is missing.
      resolve(code === 'EADDRINUSE' ? 'in-use' : code === 'EACCES' ? 'free' : 'foreign');
    });
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve('free')));
  });
}

async function onlyLocal(settings: Settings): Promise<NodeId> {
  const local = await localNodes(settings);
  const [only] = local;
  if (only === undefined) {
    throw new QuorateError('ARGUMENT', `none of the addresses belongs to this machine\n${choices(settings)}`);
  }
  if (local.length > 1) {
    throw new QuorateError(
      'ARGUMENT',
      `${local.length} of the addresses belong to this machine: say which one\n${choices(settings, local)}`,
    );
  }
  return only;
}

async function firstFree(settings: Settings): Promise<NodeId> {
  const states: AddressState[] = [];
  for (const addr of settings.addrs) {
    const state = await probeAddress(addr);
    if (state === 'free') return asNodeId(states.length + 1);
    states.push(state);
  }
  if (!states.includes('in-use')) {
    throw new QuorateError('ARGUMENT', `none of the addresses belongs to this machine\n${choices(settings)}`);
  }
  throw new QuorateError('ADDRESS_IN_USE', `every address of this machine is in use\n${choices(settings)}`);
}

async function isLocalAddress(addr: string): Promise<boolean> {
  const { host } = hostAndPort(addr);
  if (isLoopbackHost(host) || host === hostname().toLowerCase()) return true;
  const own = new Set(
    Object.values(networkInterfaces()).flatMap(
      (list) => list?.map(({ address }) => address.toLowerCase()) ?? [],
    ),
  );
  if (own.has(host)) return true;
  const found = await withinBound(lookup(host, { all: true }));
  return found.some(({ address }) => own.has(address) || isLoopbackHost(address));
}

/** A name that cannot be looked up, or not in time, is not known to be ours. */
function withinBound<T>(answers: Promise<readonly T[]>): Promise<readonly T[]> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve([]), LOOKUP_TIMEOUT_MS);
    const settle = (list: readonly T[]): void => {
      clearTimeout(timer);
      resolve(list);
    };
    answers.then(settle, () => settle([]));
  });
}

function choices(settings: Settings, nodes?: readonly NodeId[]): string {
  const lines = settings.addrs.map((addr, index) => ({ addr, node: asNodeId(index + 1) }));
  const shown = nodes === undefined ? lines : lines.filter(({ node }) => nodes.includes(node));
  return shown.map(({ addr, node }) => `    ${node}  ${addr}`).join('\n');
}

function canonical(text: string): string {
  const parsed = parseAddress(text);
  if (!parsed.ok) throw new QuorateError('ARGUMENT', `${parsed.problem}, nor is it the number of a node`);
  return parsed.address.text;
}

function hostAndPort(addr: string): { readonly host: string; readonly port: number } {
  const parsed = parseAddress(addr);
  if (!parsed.ok) throw new QuorateError('ARGUMENT', parsed.problem);
  return parsed.address;
}
