// A bank on SQLite, one file for each node: the full contract of a durable backend. Two invariants hold at every slot on
// every node: no balance is below zero, and all balances together are what was deposited.
import { join } from 'node:path';
import {
  asSlot,
  BackendDiverged,
  BackendUnavailable,
  EMPTY_IMAGE,
  judgeStep,
  mergeRecords,
  readImage,
  refuse,
  toResult,
} from '@quorate/core/ports';
import { ByteReader } from '@quorate/wire';
import { decodeCommand, encodeCommand, parseCommand } from './commands.mjs';
import { Ledger } from './ledger.mjs';
import { readSnapshot, writeSnapshot } from './snapshot.mjs';

export function createBackend() {
  return new Bank();
}

class Bank {
  name = 'bank';
  durability = 'durable';
  #ledger;

  async open({ directory }) {
    this.#ledger?.close();
    return inTrouble(() => {
      this.#ledger = new Ledger(join(directory, 'bank.db'));
      return this.#ledger.image();
    });
  }

  parse(input) {
    return parseCommand(input);
  }

  encode(command) {
    return encodeCommand(command);
  }

  decode(bytes) {
    return decodeCommand(bytes);
  }

  explain(input) {
    const parsed = parseCommand(input);
    if (!parsed.ok) return `refused: ${parsed.error.split('\n', 1)[0]}`;
    return parsed.access === 'read' ? 'a read: not logged' : `logged as ${JSON.stringify(parsed.command)}`;
  }

  /** Effects, mark, records and results in one transaction, over the mark that the batch starts from. */
  apply(batch) {
    const ledger = this.#ledger;
    return inTrouble(() =>
      ledger.atomically(() => {
        const image = ledger.image();
        if (judgeStep(image.mark, batch) === 'repeated') return image.lastResults;
        let deposited = ledger.deposited();
        const lastResults = batch.commands.map(({ command }) => {
          if (command[0] === 'deposit') deposited += Number(command[2]);
          return execute(ledger, command);
        });
        if (ledger.total() !== deposited)
          throw new BackendDiverged(
            `the accounts hold ${ledger.total()}, and ${deposited} was deposited: somebody else wrote`,
          );
        const records = new Map(image.records.map(({ key, value }) => [key, value]));
        mergeRecords(records, batch.records);
        const kept = [...records].map(([key, value]) => ({ key, value }));
        ledger.keep({ mark: batch.next, records: kept, lastResults }, deposited);
        return lastResults;
      }),
    );
  }

  query([verb, account]) {
    const ledger = this.#ledger;
    return inTrouble(() => toResult(verb === 'total' ? ledger.total() : ledger.balance(account)));
  }

  async flush() {
    const { mark } = this.#ledger.image();
    inTrouble(() => this.#ledger.flush());
    return mark?.slot ?? asSlot(0);
  }

  async snapshot() {
    const view = this.#ledger.openView();
    const image = view.framework === undefined ? EMPTY_IMAGE : imageOf(view.framework.image);
    return {
      slot: image.mark?.slot ?? asSlot(0),
      chunks: writeSnapshot(view),
      release: async () => view.close(),
    };
  }

  /** Read to the end and checked first; then everything is replaced in one transaction. */
  async restore({ slot, chunks }) {
    const { deposited, image: bytes, accounts } = await readSnapshot(chunks);
    const image = bytes.length === 0 ? EMPTY_IMAGE : imageOf(bytes);
    if ((image.mark?.slot ?? 0) !== slot) throw new Error('the snapshot is of another slot');
    const ledger = this.#ledger;
    inTrouble(() =>
      ledger.atomically(() => {
        ledger.clear();
        for (const [name, balance] of accounts) ledger.add(name, balance);
        ledger.keep(image, deposited);
      }),
    );
    return image;
  }

  async digest() {
    return this.#ledger.digest();
  }

  async health() {
    const [total, deposited] = [this.#ledger.total(), this.#ledger.deposited()];
    return { ok: total === deposited, detail: `the accounts hold ${total} of ${deposited}` };
  }

  async close() {
    this.#ledger?.close();
  }
}

/** A refusal is a result like any other: the same on every node, because it depends on the balances alone. */
function execute(ledger, [verb, first, ...rest]) {
  if (verb === 'deposit') {
    ledger.add(first, Number(rest[0]));
    return toResult(ledger.balance(first));
  }
  const [to, amount] = rest;
  const balance = ledger.balance(first);
  if (balance === undefined) return refuse('NO_ACCOUNT', `there is no account ${first}`);
  if (balance < Number(amount)) return refuse('NOT_ENOUGH', `${first} has ${balance}, not ${amount}`);
  ledger.take(first, Number(amount));
  ledger.add(to, Number(amount));
  return toResult(ledger.balance(first));
}

/** What SQLite cannot do now is tried again; a damaged file is not. */
function inTrouble(work) {
  try {
    return work();
  } catch (error) {
    if (/^SQLITE_(?:BUSY|FULL|IOERR|CANTOPEN|LOCKED|READONLY)/.test(error?.code ?? ''))
      throw new BackendUnavailable(`SQLite: ${error.message}`, { cause: error });
    if (/^SQLITE_(?:CORRUPT|NOTADB)/.test(error?.code ?? ''))
      throw new BackendDiverged(`SQLite: ${error.message}`, { cause: error });
    throw error;
  }
}

function imageOf(bytes) {
  return readImage(new ByteReader(bytes));
}

/** For `npx quorate conform examples/bank/bank.mjs`. */
export const conformance = {
  commands: ['deposit alice 70', 'transfer alice bob 30', ['deposit', 'bob', '5'], 'balance alice', 'total'],
  refused: [
    '',
    'deposit alice',
    'deposit alice -5',
    'transfer alice bob',
    'total 1',
    'steal alice 5',
    ['deposit', 'a b', '1'],
  ],
  randomCommand(random) {
    const [from, to] = [random.pick(['alice', 'bob', 'carol']), random.pick(['alice', 'bob', 'dave'])];
    const amount = String(random.between(1, 60));
    return random.chance(0.4) ? ['deposit', from, amount] : ['transfer', from, to, amount];
  },
};
