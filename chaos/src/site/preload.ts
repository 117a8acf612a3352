/**
 * Loaded with `node --import` into every process of the rig, before its own code: outgoing connections take the routes
 * of this process, and the wall clock is as wrong as a file says.
 *
 * This stands in for what a network and a bad clock do from outside. It changes `Socket.connect` and `Date.now` of a
 * process under test, never the product; a process that was started without it is the same program.
 */
import { readFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { CLOCK_FILE_VARIABLE, ROUTES_VARIABLE, type Routes, readRoutes } from './environment.ts';

const CLOCK_POLL_MS = 200;

const routes = readRoutes(process.env[ROUTES_VARIABLE]);
if (routes.size > 0) redirectConnections(routes);
const clockFile = process.env[CLOCK_FILE_VARIABLE];
if (clockFile !== undefined) bendWallClock(clockFile);

function redirectConnections(known: Routes): void {
  const prototype = Socket.prototype as unknown as {
    connect: (this: unknown, ...args: unknown[]) => unknown;
  };
  const { connect } = prototype;
  prototype.connect = function connectByRoute(this: unknown, ...args: unknown[]): unknown {
    // `net.connect` hands its arguments over as one list, so that the options are found in the same place.
    const list = Array.isArray(args[0]) ? (args[0] as unknown[]) : args;
    const options = list[0];
    if (isTcpTarget(options)) {
      const target = known.get(`${options.host}:${options.port}`);
      if (target !== undefined) list[0] = { ...options, ...hostAndPort(target) };
    }
    return connect.apply(this, args);
  };
}

function bendWallClock(path: string): void {
  const { now } = Date;
  let offsetMs = readOffset(path);
  Date.now = () => now() + offsetMs;
  setInterval(() => {
    offsetMs = readOffset(path);
  }, CLOCK_POLL_MS).unref();
}

/** No file: the clock is right. */
function readOffset(path: string): number {
  try {
    return Number(readFileSync(path, 'utf8')) || 0;
  } catch {
    return 0;
  }
}

function isTcpTarget(options: unknown): options is { readonly host: string; readonly port: number | string } {
  return typeof options === 'object' && options !== null && 'host' in options && 'port' in options;
}

function hostAndPort(address: string): { readonly host: string; readonly port: number } {
  const colon = address.lastIndexOf(':');
  return { host: address.slice(0, colon), port: Number(address.slice(colon + 1)) };
}
