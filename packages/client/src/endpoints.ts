/**
 * Reads endpoints as people write them: `quorate://a:1,b:2`, `a:1,b:2`, or a list of such texts. Gives `host:port`
 * in the order written, without duplicates. Leaves dialling to `node-link.ts`.
 */
import { QuorateError } from '@quorate/wire';

export type EndpointsInput = string | readonly string[];

const SCHEME = 'quorate://';
/** A host name or IPv4 address, or an IPv6 address in brackets; then a port. */
const ENDPOINT = /^(?:\[[0-9a-fA-F:.%]+\]|[^\s[\]:/?#@,]+):(\d{1,5})$/;

/** @throws ARGUMENT, naming the text that cannot be read. */
export function parseEndpoints(input: EndpointsInput): readonly string[] {
  const texts = typeof input === 'string' ? [input] : input;
  const endpoints = new Set<string>();
  for (const text of texts) {
    for (const endpoint of splitList(text)) endpoints.add(parseEndpoint(endpoint));
  }
  if (endpoints.size === 0)
    throw new QuorateError('ARGUMENT', 'at least one endpoint is needed, such as 127.0.0.1:6660');
  return [...endpoints];
}

function splitList(text: unknown): string[] {
  if (typeof text !== 'string')
    throw new QuorateError('ARGUMENT', `an endpoint must be a text, not ${typeof text}`);
  let list = text.trim();
  if (list.startsWith(SCHEME)) list = list.slice(SCHEME.length).replace(/\/$/, '');
  return list
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

function parseEndpoint(text: string): string {
  const match = ENDPOINT.exec(text);
  const port = Number(match?.[1]);
  if (match === null || port < 1 || port > 65_535 || !URL.canParse(`ws://${text}`)) {
    throw new QuorateError(
      'ARGUMENT',
      `not an endpoint: "${text}"; write HOST:PORT or quorate://HOST:PORT,HOST:PORT`,
      {
        details: { endpoint: text },
      },
    );
  }
  return text;
}
