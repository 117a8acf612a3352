/** A stand-in for `src/sql` in tests of the store: takes any SQL, knows reads by their first word, freezes nothing. */

import { malformed } from '@quorate/wire';
import type { SqlLanguage } from '#src/sql-language.ts';

const VERBS = /^\s*(select|insert|update|delete|create|alter|drop|truncate|with)\b/i;

export const PLAIN_SQL: SqlLanguage = {
  load: async () => undefined,
  parse(input) {
    if (input.form !== 'text') return { ok: false, error: 'text only' };
    const statements = input.text.split(';').map((sql) => ({ sql: sql.trim(), params: [] }));
    const verbs = statements.map(({ sql }) => VERBS.exec(sql)?.[1]?.toLowerCase());
    if (verbs.includes(undefined) || input.text.includes('\0')) return { ok: false, error: 'not SQL' };
    const isDdl = verbs.some((verb) => ['create', 'alter', 'drop'].includes(verb ?? ''));
    const access = verbs.every((verb) => verb === 'select') ? 'read' : 'write';
    return { ok: true, command: { statements, ...(isDdl ? { isDdl } : {}) }, access };
  },
  encode: (command) => new TextEncoder().encode(JSON.stringify(command)),
  decode(bytes) {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    const command = JSON.parse(text) as ReturnType<SqlLanguage['decode']>;
    if (JSON.stringify(command) !== text || !Array.isArray(command?.statements))
      throw malformed('not a command');
    return command;
  },
  explain: () => 'logged as it is',
  loadCatalog: async () => undefined,
  prepare: (command) => command,
  pin: () => undefined,
  pinnedFunctions: '',
};
