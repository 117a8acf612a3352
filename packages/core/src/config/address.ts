/**
 * Addresses of nodes, `host:port`, as they stand in `addrs` and in `--endpoints`: their one canonical spelling, and
 * what can be said about a host without asking the network.
 *
 * Leaves to others: whether an address belongs to this machine (`self.ts`).
 */
import { isIP, isIPv4, isIPv6 } from 'node:net';
import { domainToASCII } from 'node:url';

export type Address = {
  /** Lower case; an IPv6 address without brackets. */
  readonly host: string;
  /** 1 to 65535. */
  readonly port: number;
  /** The canonical spelling: `host:port`, IPv6 in brackets. */
  readonly text: string;
};

export type ParsedAddress =
  | { readonly ok: true; readonly address: Address }
  | { readonly ok: false; readonly problem: string };

export function parseAddress(input: string): ParsedAddress {
  const scheme = /^\s*([a-z][a-z0-9+.-]*):\/\//i.exec(input)?.[1];
  if (scheme !== undefined)
    return refuse(`"${input}" is not an address; write host:port without ${scheme}://`);
  const match = /^(?:\[([^\]]*)\]|([^:[\]]*)):(.*)$/.exec(input.trim());
  if (match === null) {
    const many =
      input.split(':').length > 2
        ? '; an IPv6 address goes in brackets: [::1]:6660'
        : '; write host:port, such as 127.0.0.1:6660';
    return refuse(`"${input}" is not an address${many}`);
  }
  const [, bracketed, plain, portText = ''] = match;
  const host = canonicalHost(bracketed, plain);
  if (host === undefined) return refuse(`"${bracketed ?? plain ?? ''}" is not a host name or an IP address`);
  const port = /^\d{1,5}$/.test(portText) ? Number(portText) : Number.NaN;
  if (!(port >= 1 && port <= 65_535))
    return refuse(`"${portText}" is not a port; a port is a number from 1 to 65535`);
  if (isNobodys(host))
    return refuse(`${host} is nobody's address: other nodes could not reach this node there`);
  return { ok: true, address: { host, port, text: `${isIPv6(host) ? `[${host}]` : host}:${port}` } };
}

/** 127.0.0.0/8, ::1 and localhost. Any other name may lead anywhere. */
export function isLoopbackHost(host: string): boolean {
  return host === '::1' || host === 'localhost' || (isIPv4(host) && host.startsWith('127.'));
}

function canonicalHost(bracketed: string | undefined, plain: string | undefined): string | undefined {
  if (bracketed !== undefined) return isIPv6(bracketed) ? canonicalIpv6(bracketed) : undefined;
  const host = (plain ?? '').toLowerCase();
  if (isIPv4(host)) return host;
  // Digits and dots alone are a mistyped IPv4 address, which a resolver would read in surprising ways.
  if (/^[\d.]*$/.test(host) || isIP(host) !== 0) return undefined;
  return /^(?!-)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*\.?$/.test(host) && host.length <= 253
    ? host
    : undefined;
}

/** One spelling per address, so that two spellings of one address are found to be equal. */
function canonicalIpv6(host: string): string | undefined {
  const [address = '', zone] = host.toLowerCase().split('%');
  const canonical = domainToASCII(`[${address}]`).slice(1, -1);
  if (canonical === '') return undefined;
  return zone === undefined ? canonical : `${canonical}%${zone}`;
}

/** Unspecified, broadcast and multicast: one may listen there, but nobody can be met there. */
function isNobodys(host: string): boolean {
  if (isIPv4(host)) {
    const first = Number(host.split('.')[0]);
    return first === 0 || first >= 224;
  }
  return host === '::' || /^ff[0-9a-f]{2}:/.test(host);
}

function refuse(problem: string): ParsedAddress {
  return { ok: false, problem };
}
