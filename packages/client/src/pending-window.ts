/**
 * All unsettled commands of a client, in a ring indexed by sequence. It is the queue and the in-flight table in one.
 *
 * Sequences from `ackSequence + 1` until `nextSequence` have a place; an empty place is a sequence that is settled
 * or that was used for something else than a command. Looking one up, adding and removing cost a few instructions.
 */
import type { PendingCommand } from './pending.ts';

const FIRST_CAPACITY = 1024;

export class PendingWindow {
  /** Length is a power of two above `nextSequence - ackSequence`. */
  #slots: (PendingCommand | undefined)[] = emptySlots(FIRST_CAPACITY);
  readonly #maxSpan: number;
  #ackSequence = 0;
  #nextSequence = 1;
  #count = 0;

  /** `maxSpan`: the bound of `nextSequence - ackSequence`. */
  constructor(maxSpan: number) {
    this.#maxSpan = maxSpan;
  }

  /** Every sequence up to this one is settled; its result need not be kept. Never decreases. */
  get ackSequence(): number {
    return this.#ackSequence;
  }

  /** Above every sequence given out so far. */
  get nextSequence(): number {
    return this.#nextSequence;
  }

  /** Unsettled commands. */
  get count(): number {
    return this.#count;
  }

  /** True while one old command is open and too many younger sequences have been used. */
  get isFull(): boolean {
    return this.#nextSequence - this.#ackSequence >= this.#maxSpan;
  }

  /** A sequence for something that is not a command. */
  takeSequence(): number {
    const sequence = this.#nextSequence++;
    if (sequence - this.#ackSequence >= this.#slots.length) this.#grow();
    return sequence;
  }

  /** Gives the command the next sequence and a place. */
  add(command: PendingCommand): void {
    command.sequence = this.takeSequence();
    this.#slots[command.sequence & (this.#slots.length - 1)] = command;
    this.#count += 1;
  }

  at(sequence: number): PendingCommand | undefined {
    if (sequence <= this.#ackSequence || sequence >= this.#nextSequence) return undefined;
    return this.#slots[sequence & (this.#slots.length - 1)];
  }

  /** The command is settled; the acknowledged sequence moves up if it was the lowest. */
  remove(command: PendingCommand): void {
    const mask = this.#slots.length - 1;
    this.#slots[command.sequence & mask] = undefined;
    this.#count -= 1;
    let ack = this.#ackSequence;
    while (ack + 1 < this.#nextSequence && this.#slots[(ack + 1) & mask] === undefined) ack += 1;
    this.#ackSequence = ack;
  }

  /** Unsettled commands in the order in which they were issued. The callback may settle them. */
  forEach(visit: (command: PendingCommand) => void): void {
    for (let sequence = this.#ackSequence + 1; sequence < this.#nextSequence; sequence++) {
      const command = this.at(sequence);
      if (command !== undefined) visit(command);
    }
  }

  #grow(): void {
    const old = this.#slots;
    const slots = emptySlots(old.length * 2);
    for (let sequence = this.#ackSequence + 1; sequence < this.#nextSequence; sequence++) {
      slots[sequence & (slots.length - 1)] = old[sequence & (old.length - 1)];
    }
    this.#slots = slots;
  }
}

function emptySlots(capacity: number): (PendingCommand | undefined)[] {
  return new Array<PendingCommand | undefined>(capacity).fill(undefined);
}
