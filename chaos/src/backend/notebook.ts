/**
 * The backend of half of the rounds: registers, counters and lists in one, made with `defineBackend` as a user would.
 * Counters and lists show what registers cannot: a command that took effect twice, or in another order.
 */
import { type Backend, defineBackend, type SimpleParsed } from '@quorate/core/ports';

type State = {
  readonly values: Map<string, string>;
  readonly totals: Map<string, number>;
  readonly lists: Map<string, string[]>;
};

type Command = { readonly verb: Verb; readonly key: string; readonly text: string };

/** Verb: how many words follow, and whether it writes. */
const VERBS = {
  SET: [2, 'write'],
  GET: [1, 'read'],
  DEL: [1, 'write'],
  INC: [1, 'write'],
  TOTAL: [1, 'read'],
  APPEND: [2, 'write'],
  LIST: [1, 'read'],
} as const;
type Verb = keyof typeof VERBS;

export function createBackend(): Backend<Command> {
  return defineBackend<State, Command>({
    name: 'notebook',
    usage: 'SET key value | GET key | DEL key | INC key | TOTAL key | APPEND key word | LIST key',
    initial: () => ({ values: new Map(), totals: new Map(), lists: new Map() }),
    parse: ({ words }) => parse(words),
    execute,
  });
}

function parse(words: readonly string[]): SimpleParsed<Command> {
  const [verb = '', key = '', text = ''] = words;
  if (!isVerb(verb)) return { ok: false, error: `unknown verb ${verb}` };
  const [count, access] = VERBS[verb];
  if (words.length !== count + 1) return { ok: false, error: `${verb} takes ${count} words` };
  return { ok: true, access, command: { verb, key, text } };
}

function isVerb(word: string): word is Verb {
  return Object.hasOwn(VERBS, word);
}

function execute({ values, totals, lists }: State, { verb, key, text }: Command): string | number | null {
  switch (verb) {
    case 'SET':
      values.set(key, text);
      return text;
    case 'GET':
      return values.get(key) ?? null;
    case 'DEL': {
      const old = values.get(key) ?? null;
      values.delete(key);
      return old;
    }
    case 'INC': {
      const total = (totals.get(key) ?? 0) + 1;
      totals.set(key, total);
      return total;
    }
    case 'TOTAL':
      return totals.get(key) ?? 0;
    case 'APPEND': {
      const list = lists.get(key) ?? [];
      list.push(text);
      lists.set(key, list);
      return list.length;
    }
    case 'LIST':
      return (lists.get(key) ?? []).join(' ');
    default:
      return verb satisfies never;
  }
}
