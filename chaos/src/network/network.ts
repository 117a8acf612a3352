/**
 * The whole network of a run: sites (nodes and groups of clients) and what passes between any two of them, in each
 * direction. Faults speak of "what `from` sends to `to`"; which of the two has dialled is hidden here.
 *
 * Of two nodes the one with the lower number dials; a client always dials.
 */
import { QuorateError } from '@quorate/wire';
import { writeRoutes } from '../site/environment.ts';
import type { Direction, Slowness } from './direction.ts';
import { FULL_SPEED } from './direction.ts';
import { Link } from './link.ts';

/** `n1`, `n2`, ... are nodes; `c1`, `c2`, ... are groups of clients. */
export type Site = `n${number}` | `c${number}`;

export const nodeSite = (node: number): Site => `n${node}`;
export const clientSite = (group: number): Site => `c${group}`;

export type Flow = { readonly from: Site; readonly to: Site };

export class Network implements AsyncDisposable {
  readonly nodes: readonly Site[];
  readonly clients: readonly Site[];
  readonly #addrs: readonly string[];
  /** By `dialler>listener`. */
  readonly #links = new Map<string, Link>();

  private constructor(addrs: readonly string[], clientGroups: number) {
    this.#addrs = addrs;
    this.nodes = addrs.map((_, index) => nodeSite(index + 1));
    this.clients = Array.from({ length: clientGroups }, (_, index) => clientSite(index + 1));
  }

  /** `addrs`: where the nodes listen, in node order. */
  static async open(addrs: readonly string[], clientGroups: number): Promise<Network> {
    const network = new Network(addrs, clientGroups);
    for (const dialler of [...network.nodes, ...network.clients]) {
      for (const listener of network.nodes) {
        if (!dials(dialler, listener)) continue;
        network.#links.set(`${dialler}>${listener}`, await Link.open(targetOf(network.#addrOf(listener))));
      }
    }
    return network;
  }

  /** The value of the routes variable for a process at this site. */
  routesOf(site: Site): string {
    const routes = this.nodes.flatMap((listener): [string, string][] => {
      const link = this.#links.get(`${site}>${listener}`);
      return link === undefined ? [] : [[this.#addrOf(listener), link.address]];
    });
    return writeRoutes(new Map(routes));
  }

  /** Nothing that `from` sends reaches `to` any more, until the hold is released. Holds add up. */
  hold({ from, to }: Flow): void {
    this.#direction(from, to).hold();
  }

  release({ from, to }: Flow): void {
    this.#direction(from, to).release();
  }

  slowDown({ from, to }: Flow, slowness: Slowness): void {
    this.#direction(from, to).slowDown(slowness);
  }

  fullSpeed(flow: Flow): void {
    this.slowDown(flow, FULL_SPEED);
  }

  /** Resets all connections between two sites; returns how many there were. */
  reset(one: Site, other: Site): number {
    return this.#link(one, other).link.reset();
  }

  /** Lets a part of the next piece from one site to the other through and resets. Returns how many connections there are. */
  tear({ from, to }: Flow, share: () => number): number {
    const { link, dialler } = this.#link(from, to);
    return link.tear(dialler === from ? 'out' : 'back', share);
  }

  /** Pieces that met a fault between the two so far, in this direction. */
  affectedPieces({ from, to }: Flow): number {
    return this.#direction(from, to).affectedPieces;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#links.values()].map((link) => link[Symbol.asyncDispose]()));
  }

  #direction(from: Site, to: Site): Direction {
    const { link, dialler } = this.#link(from, to);
    return dialler === from ? link.out : link.back;
  }

  #link(one: Site, other: Site): { readonly link: Link; readonly dialler: Site } {
    for (const [dialler, listener] of [
      [one, other],
      [other, one],
    ] as const) {
      const link = this.#links.get(`${dialler}>${listener}`);
      if (link !== undefined) return { link, dialler };
    }
    throw new QuorateError('ARGUMENT', `there is no link between ${one} and ${other}`);
  }

  #addrOf(node: Site): string {
    return this.#addrs[Number(node.slice(1)) - 1] ?? '';
  }
}

function dials(dialler: Site, listener: Site): boolean {
  return dialler.startsWith('c') || Number(dialler.slice(1)) < Number(listener.slice(1));
}

function targetOf(addr: string): { readonly host: string; readonly port: number } {
  const colon = addr.lastIndexOf(':');
  return { host: addr.slice(0, colon), port: Number(addr.slice(colon + 1)) };
}
