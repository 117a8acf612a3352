/** A notebook that acknowledges every fortieth SET without keeping it: the same on all nodes, and wrong on all. */
import { type Backend, defineBackend } from '@quorate/core/ports';

type State = { readonly values: Map<string, string>; readonly totals: Map<string, number>; sets: number };

export function createBackend(): Backend<readonly string[]> {
  return defineBackend<State, readonly string[]>({
    name: 'forgetful',
    initial: () => ({ values: new Map(), totals: new Map(), sets: 0 }),
    parse: ({ words }) => ({ ok: true, access: isRead(words[0]) ? 'read' : 'write', command: [...words] }),
    execute: (state, [verb = '', key = '', text = '']) => {
      const old = state.values.get(key) ?? null;
      const total = state.totals.get(key) ?? 0;
      switch (verb) {
        case 'SET':
          state.sets += 1;
          if (state.sets % 40 !== 0) state.values.set(key, text);
          return text;
        case 'DEL':
          state.values.delete(key);
          return old;
        case 'INC':
          state.totals.set(key, total + 1);
          return total + 1;
        case 'TOTAL':
          return total;
        case 'APPEND':
          state.values.set(key, old === null ? text : `${old} ${text}`);
          return 1;
        case 'LIST':
          return old ?? '';
        default:
          return old;
      }
    },
  });
}

function isRead(verb: string | undefined): boolean {
  return verb === 'GET' || verb === 'TOTAL' || verb === 'LIST';
}
