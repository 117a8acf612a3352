/** Short ways to write calls in tests. */
import type { Action, Call, Content } from '#src/history/call.ts';

let lastId = 0;

export const set = (value: string): Action => ({ kind: 'set', value });
export const swap = (value: string): Action => ({ kind: 'swap', value });
export const get: Action = { kind: 'get' };
export const del: Action = { kind: 'del' };
export const inc: Action = { kind: 'inc', by: 1 };
export const total: Action = { kind: 'total' };
export const append = (element: string): Action => ({ kind: 'append', element });
export const list: Action = { kind: 'list' };

export function done(client: number, action: Action, beganUs: number, atUs: number, answer?: Content): Call {
  const end =
    answer === undefined ? ({ kind: 'done', atUs } as const) : ({ kind: 'done', atUs, answer } as const);
  return { id: lastId++, client, key: 'k', action, beganUs, end };
}

export function unknown(client: number, action: Action, beganUs: number, atUs: number = beganUs + 10): Call {
  return { id: lastId++, client, key: 'k', action, beganUs, end: { kind: 'unknown', atUs } };
}

export function refused(client: number, action: Action, beganUs: number, atUs: number = beganUs + 10): Call {
  return { id: lastId++, client, key: 'k', action, beganUs, end: { kind: 'none', atUs } };
}
