/**
 * Messages on their way to peers: held until the journal write that they name is durable, then gathered into one frame
 * per peer and lane and turn. Order per peer and lane is kept.
 *
 * Owns DURABLE-BEFORE-SEND at the rim: nothing leaves `release` that waits for a later write.
 */

import type { Transport } from '../ports/transport.ts';
import { invariant } from '../protocol/invariant.ts';
import type { Lane, Message } from '../protocol/message.ts';
import type { Outgoing } from '../protocol/replica-types.ts';
import type { NodeId, WriteSequence } from '../protocol/types.ts';
import { type Checksum, type Forward, type ForwardReply, PeerFrameWriter } from '../wire/frame.ts';

type Lanes = { readonly control: PeerFrameWriter; readonly bulk: PeerFrameWriter };

export class Outbox {
  readonly #transport: Transport;
  readonly #checksum: Checksum;
  readonly #targetFrameBytes: number;
  readonly #group: number;
  readonly #writers = new Map<NodeId, Lanes>();
  /** In the order in which they were handed over and leave; one may wait for the write of an earlier one. */
  #held: Outgoing[] = [];

  constructor(transport: Transport, checksum: Checksum, targetFrameBytes: number, group: number) {
    this.#transport = transport;
    this.#checksum = checksum;
    this.#targetFrameBytes = targetFrameBytes;
    this.#group = group;
  }

  add(messages: readonly Outgoing[], durable: WriteSequence): void {
    for (const message of messages) {
      if (message.after <= durable) this.#write(message.to, message.lane, message.message);
      else this.#held.push(message);
    }
  }

  /** Runtime payloads, which wait for nothing. */
  addPayload(to: NodeId, payload: Forward | ForwardReply): void {
    this.#write(to, 'bulk', payload);
  }

  /** Messages whose write is durable now move on. */
  release(durable: WriteSequence): void {
    let count = 0;
    for (const message of this.#held) {
      if (message.after > durable) break;
      invariant(
        message.after <= durable,
        'DURABLE-BEFORE-SEND',
        () => `write ${message.after}, durable ${durable}`,
      );
      this.#write(message.to, message.lane, message.message);
      count += 1;
    }
    if (count > 0) this.#held = this.#held.slice(count);
  }

  /** Hands every gathered frame to the transport. Control first. */
  flush(): void {
    for (const [to, lanes] of this.#writers) this.#send(to, 'control', lanes.control);
    for (const [to, lanes] of this.#writers) this.#send(to, 'bulk', lanes.bulk);
  }

  #write(to: NodeId, lane: Lane, message: Message | Forward | ForwardReply): void {
    let lanes = this.#writers.get(to);
    if (lanes === undefined) {
      lanes = { control: new PeerFrameWriter(this.#group), bulk: new PeerFrameWriter(this.#group) };
      this.#writers.set(to, lanes);
    }
    const writer = lanes[lane];
    writer.add(message);
    if (writer.byteLength >= this.#targetFrameBytes) this.#send(to, lane, writer);
  }

  #send(to: NodeId, lane: Lane, writer: PeerFrameWriter): void {
    // A dropped frame (no link, or its queue is full) is a lost message: the protocol repeats what matters.
    if (writer.count > 0) this.#transport.send(to, lane, writer.take(this.#checksum));
  }
}
