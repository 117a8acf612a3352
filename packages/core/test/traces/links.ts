/**
 * Messages on their way between the replicas of a transcript, and which links are cut or held.
 *
 * A link is written `1>2`, or `1>2:accept` for one kind of message on it. Messages wait in the order in which they
 * were sent; a held one lets those of other links pass.
 */
import type { Message } from '#src/protocol/message.ts';
import type { NodeId } from '#src/protocol/types.ts';

export type Parcel = { readonly from: NodeId; readonly to: NodeId; readonly message: Message };

export class Links {
  readonly #cuts: Set<string> = new Set();
  readonly #holds: Set<string> = new Set();
  #parcels: Parcel[] = [];

  send(parcel: Parcel): void {
    this.#parcels.push(parcel);
  }

  /** The first message that nothing holds. */
  next(): Parcel | undefined {
    const index = this.#parcels.findIndex((parcel) => !isAmong(this.#holds, parcel));
    return index < 0 ? undefined : this.#parcels.splice(index, 1)[0];
  }

  isCut(parcel: Parcel): boolean {
    return isAmong(this.#cuts, parcel);
  }

  cut(links: readonly string[]): void {
    for (const link of links) this.#cuts.add(link);
  }

  hold(links: readonly string[]): void {
    for (const link of links) this.#holds.add(link);
  }

  release(links: readonly string[]): void {
    for (const link of links) this.#holds.delete(link);
  }

  healAll(): void {
    this.#cuts.clear();
    this.#holds.clear();
  }

  /** The first message that waits on this link; it goes on waiting. */
  peek(link: string): Parcel {
    const parcel = this.#parcels.find(({ from, to }) => `${from}>${to}` === link);
    if (parcel === undefined) throw new Error(`nothing is held on ${link}`);
    return parcel;
  }

  /** Drops the first `count` messages that wait on this link. */
  lose(link: string, count: number): void {
    let left = count;
    this.#parcels = this.#parcels.filter(({ from, to }) => `${from}>${to}` !== link || left-- <= 0);
  }

  /** Drops everything from and to a node that is gone. */
  forget(node: NodeId): void {
    this.#parcels = this.#parcels.filter(({ from, to }) => from !== node && to !== node);
  }
}

function isAmong(links: ReadonlySet<string>, { from, to, message }: Parcel): boolean {
  return links.has(`${from}>${to}`) || links.has(`${from}>${to}:${message.kind}`);
}
