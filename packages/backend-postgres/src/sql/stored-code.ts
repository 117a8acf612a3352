/**
 * Schema changes store code that runs later, under other commands. Calls that read the clock or draw by chance are
 * rewritten in their text to the stand-ins of schema `quorate`, word by word, also inside the bodies of functions.
 */
import { FROZEN_CHANCE, FROZEN_TIME } from './function-lists.ts';
import { type Token, tokensOf } from './grammar.ts';
import { refuse } from './refusal.ts';

const KEYWORDS: Readonly<Record<string, (digits: string) => string>> = {
  current_timestamp: (digits) => (digits === '' ? 'quorate.now()' : `quorate.now()::timestamptz(${digits})`),
  current_date: () => '(quorate.now()::date)',
  current_time: (digits) => `(quorate.now()::timetz${digits === '' ? '' : `(${digits})`})`,
  localtimestamp: (digits) => `(quorate.now()::timestamp${digits === '' ? '' : `(${digits})`})`,
  localtime: (digits) => `(quorate.now()::time${digits === '' ? '' : `(${digits})`})`,
};

type Change = { readonly start: number; readonly end: number; readonly text: string };

/** The same text when there is nothing to rewrite. @throws Refusal */
export function rewriteStoredCalls(sql: string): string {
  const tokens = tokensOf(sql);
  const changes = tokens.flatMap((token, index) => changeAt(tokens, index) ?? changeOfBody(token) ?? []);
  return applyChanges(sql, changes);
}

function changeAt(tokens: readonly Token[], index: number): Change | undefined {
  const token = tokens[index];
  if (token === undefined) return undefined;
  const word = token.text.toLowerCase();
  const keyword = Object.hasOwn(KEYWORDS, word) ? KEYWORDS[word] : undefined;
  if (keyword !== undefined && tokens[index - 1]?.text !== '.')
    return changeOfKeyword(tokens, index, keyword);
  const standIn = standInOf(word.replace(/^"(.*)"$/, '$1'));
  if (standIn === undefined || tokens[index + 1]?.text !== '(' || tokens[index + 2]?.text !== ')')
    return undefined;
  const close = tokens[index + 2];
  const isQualified = tokens[index - 1]?.text === '.';
  const schema = tokens[index - 2];
  if (isQualified && schema?.text.toLowerCase() !== 'pg_catalog') return undefined;
  return {
    start: (isQualified ? schema : token)?.start ?? token.start,
    end: close?.end ?? token.end,
    text: standIn,
  };
}

function standInOf(name: string): string | undefined {
  if (FROZEN_TIME.has(name)) return 'quorate.now()';
  if (FROZEN_CHANCE.has(name)) return `quorate.${name === 'random' ? 'random' : 'gen_random_uuid'}()`;
  return undefined;
}

function changeOfKeyword(tokens: readonly Token[], index: number, text: (digits: string) => string): Change {
  const token = tokens[index] as Token;
  const digits = tokens[index + 2];
  const close = tokens[index + 3];
  const hasDigits = tokens[index + 1]?.text === '(' && /^\d$/.test(digits?.text ?? '') && close?.text === ')';
  return {
    start: token.start,
    end: hasDigits ? close.end : token.end,
    text: text(hasDigits ? (digits?.text ?? '') : ''),
  };
}

/** A literal that may be the body of a function: between dollar signs its inside is plain text. */
function changeOfBody(token: Token): Change | undefined {
  if (token.name !== 'SCONST') return undefined;
  const dollar = /^(\$[^$]*\$)([\s\S]*)\1$/.exec(token.text);
  const plain = /^'([\s\S]*)'$/.exec(token.text);
  const inside = dollar?.[2] ?? plain?.[1];
  if (inside === undefined || !mayCall(inside)) return undefined;
  if (dollar === null && !/[;\s]/.test(inside)) return undefined; // A word such as 'now' is no body.
  if (dollar === null)
    return refuse(
      'a body between single quotes calls a function that differs between replicas',
      'write the body between $$ and $$',
    );
  const rewritten = rewriteStoredCalls(inside);
  if (rewritten === inside) return undefined;
  return { start: token.start, end: token.end, text: `${dollar[1]}${rewritten}${dollar[1]}` };
}

function mayCall(text: string): boolean {
  const calls = [...FROZEN_TIME.keys(), ...FROZEN_CHANCE.keys()].map((name) => `${name}"?\\s*\\(`);
  return new RegExp(`\\b(${[...calls, ...Object.keys(KEYWORDS)].join('|')})`, 'i').test(text);
}

/** `start` and `end` in bytes of UTF-8; changes do not overlap. */
export function applyChanges(sql: string, changes: readonly Change[]): string {
  if (changes.length === 0) return sql;
  const bytes = Buffer.from(sql, 'utf8');
  const parts: string[] = [];
  let done = 0;
  for (const { start, end, text } of changes.toSorted((left, right) => left.start - right.start)) {
    parts.push(bytes.toString('utf8', done, start), text);
    done = end;
  }
  parts.push(bytes.toString('utf8', done));
  return parts.join('');
}
