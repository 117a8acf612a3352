/**
 * The ledger of a run in which batchers make the values: a value is known by its content from the moment a leader
 * proposes it, and its number is the order of the first proposal.
 */
import { crc32 } from 'node:zlib';
import type { Value } from '@quorate/core/protocol';
import { equalBytes } from '@quorate/wire';
import { Ledger, NOOP_NUMBER, UNKNOWN_VALUE, type ValueNumber } from '../ledger.ts';

type Batch = Extract<Value, { kind: 'batch' }>;

export class ValueLedger extends Ledger {
  readonly #known: Map<number, { readonly number: ValueNumber; readonly value: Batch }[]> = new Map();
  #lastNumber = 0;

  /** A leader is about to propose this value. */
  submit(value: Value): void {
    if (value.kind === 'noop' || this.numberOf(value) !== UNKNOWN_VALUE) return;
    const number = ++this.#lastNumber;
    // Of its own memory: the ledger must not change with what it judges.
    const kept: Batch = { ...value, bytes: value.bytes.slice() };
    const hash = hashOf(value);
    const same = this.#known.get(hash);
    if (same === undefined) this.#known.set(hash, [{ number, value: kept }]);
    else same.push({ number, value: kept });
    this.register(number, kept);
  }

  override numberOf(value: Value): ValueNumber {
    if (value.kind === 'noop') return NOOP_NUMBER;
    for (const known of this.#known.get(hashOf(value)) ?? []) {
      const isSame = known.value.stampMs === value.stampMs && equalBytes(known.value.bytes, value.bytes);
      if (isSame) return known.number;
    }
    return UNKNOWN_VALUE;
  }
}

function hashOf(value: Batch): number {
  return crc32(value.bytes, value.stampMs % 0x1_0000_0000);
}
