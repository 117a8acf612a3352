/**
 * The form of every HTTP answer of a node: JSON with one newline at the end, never cached, and headers that keep a
 * browser from running, framing or guessing at anything in it.
 */
import type { ServerResponse } from 'node:http';

export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cache-Control': 'no-store',
};

export type Answer = {
  readonly status: number;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
};

export function jsonAnswer(
  status: number,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return { status, body: `${JSON.stringify(value)}\n`, headers };
}

export function errorAnswer(
  status: number,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return { status, body: errorBody(status, message), headers };
}

export function errorBody(status: number, message: string): string {
  return `${JSON.stringify({ error: { status, message } })}\n`;
}

/** Writes the answer; for HEAD the headers alone, with the length that GET would have. */
export function sendAnswer(response: ServerResponse, answer: Answer, withBody: boolean): void {
  response.writeHead(answer.status, {
    ...SECURITY_HEADERS,
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': String(Buffer.byteLength(answer.body)),
    ...answer.headers,
  });
  response.end(withBody ? answer.body : undefined);
}
