/**
 * Where the nodes of our cluster are: the endpoints that were given, in their order, and the addresses that nodes
 * told us. Remembers why each could not be used, which cluster this is, and who was last said to lead.
 */
import { type NodeFrame, QuorateError } from '@quorate/wire';
import { parseEndpoints } from './endpoints.ts';

/** Addresses that we remember, given and learned. More are ignored. */
const MAX_PLACES = 256;

export class PlaceList {
  /** Unique; the given ones first. */
  readonly #places: string[];
  readonly #addrByNode = new Map<number, string>();
  /** By place, the reason of the latest failure since its latest success. */
  readonly #failures = new Map<string, string>();
  /** Index of the place given last. */
  #cursor = -1;
  #clusterId: string | undefined = undefined;
  #notedLeader = 0;

  constructor(endpoints: readonly string[]) {
    this.#places = [...endpoints];
  }

  /** The place after the one given last, round and round; not `except` unless it is the only one. */
  next(except?: string): string {
    const place = this.#advance();
    return place === except ? this.#advance() : place;
  }

  /** How many places there are to try. */
  get count(): number {
    return this.#places.length;
  }

  addrOf(node: number): string | undefined {
    return this.#addrByNode.get(node);
  }

  /** A node's address, as another one tells it. What is no address is ignored. */
  learn(node: number, addr: string): void {
    if (node < 1 || !isEndpoint(addr)) return;
    this.#addrByNode.set(node, addr);
    if (!this.#places.includes(addr) && this.#places.length < MAX_PLACES) this.#places.push(addr);
  }

  /** Takes in a welcome. Gives the trouble if the node belongs to another cluster than those before. */
  onWelcome(place: string, welcome: Extract<NodeFrame, { kind: 'welcome' }>): QuorateError | undefined {
    this.#clusterId ??= welcome.clusterId;
    if (welcome.clusterId !== this.#clusterId) {
      return new QuorateError(
        'WIRE_WRONG_CLUSTER',
        `${place} belongs to cluster ${welcome.clusterId}, not ${this.#clusterId}`,
        {
          details: { endpoint: place },
        },
      );
    }
    this.#failures.delete(place);
    for (const [index, addr] of welcome.addrs.entries()) this.learn(index + 1, addr);
    return undefined;
  }

  fail(place: string, reason: string): void {
    this.#failures.set(place, reason);
  }

  /** Places that were tried in vain since they were last reached. */
  get failures(): readonly string[] {
    return [...this.#failures].map(([place, reason]) => `${place} (${reason})`);
  }

  describeFailures(): string {
    return this.#places
      .map((place) => `${place} (${this.#failures.get(place) ?? 'not reached in time'})`)
      .join(', ');
  }

  /** The leader's address if this is another leader than the one noted before; 0 leaves the note as it is. */
  noteLeader(node: number): string | undefined {
    if (node === 0 || node === this.#notedLeader) return undefined;
    const addr = this.#addrByNode.get(node);
    if (addr !== undefined) this.#notedLeader = node;
    return addr;
  }

  #advance(): string {
    this.#cursor = (this.#cursor + 1) % this.#places.length;
    return this.#places[this.#cursor] ?? '';
  }
}

function isEndpoint(addr: string): boolean {
  try {
    return parseEndpoints([addr]).length === 1;
  } catch {
    // The answer to the question is no; a node that announces such an address is not worth an error here.
    return false;
  }
}
