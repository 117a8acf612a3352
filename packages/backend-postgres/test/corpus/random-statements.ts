/**
 * Random writes over the corpus' tables, right and wrong ones alike: what the firewall lets pass has to do the same on
 * both databases. One seed, one list of statements.
 */
import { createHash } from 'node:crypto';

/** Numbers that only the seed decides. */
class Chance {
  readonly #seed: number;
  #drawn = 0;

  constructor(seed: number) {
    this.#seed = seed;
  }

  /** Whole number in [0, limit). */
  below(limit: number): number {
    this.#drawn += 1;
    return createHash('sha256').update(`${this.#seed}:${this.#drawn}`).digest().readUInt32LE(0) % limit;
  }
}

type Table = {
  readonly name: string;
  readonly numbers: readonly string[];
  readonly texts: readonly string[];
};

const TABLES: readonly Table[] = [
  { name: 'accounts', numbers: ['id', 'balance', 'rating'], texts: ['owner'] },
  { name: 'deltas', numbers: ['id', 'account', 'amount'], texts: [] },
  { name: 'slots', numbers: ['place'], texts: ['who'] },
  { name: 'movable', numbers: ['place'], texts: ['who'] },
  { name: 'events', numbers: ['id', 'account'], texts: ['kind'] },
  { name: 'weights', numbers: ['id', 'weight'], texts: [] },
  { name: 'rich', numbers: ['id', 'balance'], texts: ['owner'] },
];

const UPDATED: readonly (readonly [string, string, readonly string[]])[] = [
  ['accounts', 'balance', ['rating', 'owner']],
  ['slots', 'place', ['who']],
  ['movable', 'place', ['who']],
  ['deltas', 'amount', ['account']],
  ['watched', 'v', ['id']],
  ['stamped', 'v', ['id']],
  ['chain', 'place', ['who']],
];

export class RandomStatements {
  readonly #chance: Chance;

  constructor(seed: number) {
    this.#chance = new Chance(seed);
  }

  next(): string {
    return this.#one([
      () => this.#insert(),
      () => this.#insert(),
      () => this.#update(),
      () => this.#delete(),
      () => this.#updateFrom(),
      () => this.#moved(),
    ])();
  }

  #one<T>(items: readonly T[]): T {
    return items[this.#chance.below(items.length)] as T;
  }

  #maybe(text: () => string, outOf = 2): string {
    return this.#chance.below(outOf) === 0 ? text() : '';
  }

  #insert(): string {
    const target = this.#one([
      ['audit (what)', 't'],
      ['notes (id, body)', 'nt'],
      ['slots (place, who)', 'nt'],
      ['items (name, price)', 'tn'],
      ['movable (who)', 't'],
    ] as const);
    const conflict =
      target[0].startsWith('notes') || target[0].startsWith('slots')
        ? this.#maybe(() => ' on conflict do nothing', 3)
        : '';
    const returning = this.#maybe(() => ' returning *', 5);
    return `insert into ${target[0]} ${this.#select(target[1])}${conflict}${returning}`;
  }

  /** `kinds`: one letter for each column, n for a number and t for a text. */
  #select(kinds: string): string {
    const table = this.#one(TABLES);
    const joined =
      this.#chance.below(4) === 0 ? this.#one(TABLES.filter(({ name }) => name !== table.name)) : undefined;
    const columns = (prefix: string, { numbers, texts }: Table): string[] =>
      [...numbers, ...texts].map((each) => `${prefix}.${each}`);
    const numbers = [
      ...table.numbers.map((each) => `a.${each}`),
      ...(joined?.numbers ?? []).map((each) => `b.${each}`),
    ];
    const all = [...columns('a', table), ...(joined === undefined ? [] : columns('b', joined))];
    const isGrouped = this.#chance.below(4) === 0;
    const group = isGrouped ? this.#one(all) : '';
    const values = kinds.split('').map((kind) => this.#value(kind, numbers, all, group));
    const from =
      joined === undefined
        ? `${table.name} a`
        : `${table.name} a ${this.#one(['join', 'left join'])} ${joined.name} b on a.${table.numbers[0]} = b.${this.#one(joined.numbers)}`;
    const where = this.#maybe(() => ` where ${this.#condition(numbers, all)}`);
    const order = this.#maybe(
      () =>
        ` order by ${[this.#one(isGrouped ? [group] : all), this.#one(isGrouped ? [group] : all)].join(this.#one([', ', ' desc, ']))}`,
    );
    const limit = this.#maybe(() => ` limit ${1 + this.#chance.below(7)}`, 4);
    const distinct = isGrouped
      ? ''
      : this.#maybe(() => this.#one(['distinct ', `distinct on (${this.#one(all)}) `]), 6);
    return `select ${distinct}${values.join(', ')} from ${from}${where}${isGrouped ? ` group by ${group}` : ''}${order}${limit}`;
  }

  #value(kind: string, numbers: readonly string[], all: readonly string[], group: string): string {
    if (kind === 'n')
      return group === ''
        ? this.#one([
            `${this.#one(numbers)}::int + 10000`,
            `(row_number() over (order by ${this.#one(all)}))::int + 10000`,
          ])
        : `count(*)::int + 10000`;
    const plain = [
      `${this.#one(all)}::text`,
      `md5(${this.#one(all)}::text)`,
      `(${this.#one(numbers)} * 2)::text`,
      `(sum(${this.#one(numbers)}) over (order by ${this.#one(all)}))::text`,
      `(rank() over (partition by ${this.#one(all)} order by ${this.#one(all)}))::text`,
      `(first_value(${this.#one(all)}) over (order by ${this.#one(all)}))::text`,
      `(select string_agg(who, ',' order by ${this.#one(['place', 'who'])}) from slots where place < ${this.#one(numbers)})`,
    ];
    const aggregate = [
      `max(${this.#one(all)})::text`,
      `sum(${this.#one(numbers)})::text`,
      `avg(${this.#one(numbers)})::text`,
      `string_agg(${this.#one(all)}::text, ',' order by ${this.#one(all)})`,
      `array_agg(${this.#one(numbers)} order by ${this.#one(all)}, ${this.#one(all)})::text`,
      `array_agg(distinct ${this.#one(all)})::text`,
      `count(distinct ${this.#one(all)})::text`,
      `${group}::text`,
    ];
    return this.#one(
      group === '' ? (this.#chance.below(4) === 0 ? aggregate.slice(0, -1) : plain) : aggregate,
    );
  }

  #condition(numbers: readonly string[], all: readonly string[]): string {
    const number = this.#one(numbers);
    return this.#one([
      `${number} = ${1 + this.#chance.below(9)}`,
      `${number} > ${this.#chance.below(30)}`,
      `${number} in (select id from accounts order by ${this.#one(['id', 'owner', 'balance'])} limit 3)`,
      `exists (select 1 from deltas d where d.account = ${number} limit 1)`,
      `${this.#one(all)} is not null and ${number} < 20`,
      `${number} = (select max(account) from deltas)`,
      `${number} = any (array(select account from deltas))`,
    ]);
  }

  #update(): string {
    const [table, number, others] = this.#one(UPDATED);
    const column = this.#one([number, ...others]);
    const isText = column === 'owner' || column === 'who';
    const value = isText
      ? this.#one([
          `${column} || 'x'`,
          `(select max(owner) from accounts)`,
          `(select owner from accounts limit 1)`,
          `gen_random_uuid()::text`,
        ])
      : this.#one([
          `${column} + 1`,
          `${column} - 1`,
          `-${column}`,
          `(select count(*) from events)`,
          `(select max(${column}) from ${table}) + ${column}`,
        ]);
    const where = this.#maybe(() => ` where ${this.#condition([`t.${number}`], [`t.${column}`])}`);
    return `update ${table} t set ${column} = ${value}${where}${this.#maybe(() => ' returning *', 3)}`;
  }

  #updateFrom(): string {
    const source = this.#one([
      ['deltas', 'amount'],
      ['accounts', 'balance'],
      ['slots', 'place'],
    ] as const);
    const key =
      source[0] === 'slots'
        ? 'place'
        : this.#one(source[0] === 'deltas' ? ['id', 'account'] : ['id', 'balance']);
    return `update accounts t set balance = abs(s.${source[1]}) from ${source[0]} s where t.${this.#one(['id', 'balance'])} = s.${key}`;
  }

  #delete(): string {
    const table = this.#one(['accounts', 'deltas', 'events', 'watched']);
    const where = this.#maybe(() => ` where ${this.#condition(['t.id'], ['t.id'])}`);
    return `delete from ${table} t${where}${this.#maybe(() => ' returning *', 3)}`;
  }

  #moved(): string {
    const target = this.#one(['audit (what) select', 'slots (who, place) select']);
    const rows = `with gone as (delete from deltas where amount > ${this.#chance.below(80)} returning id, amount)`;
    const values = target.startsWith('audit') ? 'amount::text' : `'d', id + 20000`;
    return `${rows} insert into ${target} ${values} from gone${this.#maybe(() => ` order by ${this.#one(['id', 'amount'])}`)}`;
  }
}
