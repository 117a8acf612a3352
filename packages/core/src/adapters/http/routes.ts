/**
 * What a node answers over plain HTTP: is it alive, is it ready, how does it stand, and what would become of a command.
 * Fixed paths, GET and HEAD, JSON. Pure: a request line in, an answer out.
 */
import type { Answer } from './answer.ts';
import { errorAnswer, jsonAnswer } from './answer.ts';

/** One condition of readiness, as the owner sees it now. */
export type ReadinessCheck = {
  /** A lower-case word, for instance `leader`. */
  readonly name: string;
  readonly ok: boolean;
  /** One sentence for people; shown as the reason when `ok` is false. */
  readonly detail: string;
};

export type NodeFacts = {
  /** Ready means that every check is ok. Cheap; asked at every request of `/readyz`. */
  readonly readiness: () => readonly ReadinessCheck[];
  /** JSON data for `/v1/status`. */
  readonly status: () => unknown;
  /** What would be logged for a command, or why it is refused; one word is a text, several are arguments. */
  readonly explain: (words: readonly string[]) => string;
};

const ALLOWED = { Allow: 'GET, HEAD' };

export function answerRequest(method: string, url: string, facts: NodeFacts): Answer {
  const [path, query] = splitUrl(url);
  const route = routeOf(path);
  if (route === undefined) return errorAnswer(404, 'there is nothing at this path');
  if (method !== 'GET' && method !== 'HEAD')
    return errorAnswer(405, 'this path answers GET and HEAD', ALLOWED);
  return route(facts, query);
}

type Route = (facts: NodeFacts, query: URLSearchParams) => Answer;

function routeOf(path: string): Route | undefined {
  switch (path) {
    case '/livez':
      return () => jsonAnswer(200, { alive: true });
    case '/readyz':
      return answerReadiness;
    case '/v1/status':
      return (facts) => jsonAnswer(200, facts.status());
    case '/v1/explain':
      return answerExplain;
    default:
      return undefined;
  }
}

function answerExplain(facts: NodeFacts, query: URLSearchParams): Answer {
  const words = query.getAll('word');
  if (words.length === 0)
    return errorAnswer(400, 'say the command, as in /v1/explain?word=get+k or /v1/explain?word=get&word=k');
  return jsonAnswer(200, { explanation: facts.explain(words) });
}

function answerReadiness(facts: NodeFacts, query: URLSearchParams): Answer {
  const checks = facts.readiness();
  const failed = checks.filter((check) => !check.ok);
  const ready = failed.length === 0;
  return jsonAnswer(ready ? 200 : 503, {
    ready,
    ...(ready ? {} : { reason: failed.map(({ name, detail }) => `${name}: ${detail}`).join('; ') }),
    ...(query.has('verbose') ? { checks } : {}),
  });
}

/** By hand: the URL class throws for request targets that a stranger may well send. */
function splitUrl(url: string): readonly [string, URLSearchParams] {
  const mark = url.indexOf('?');
  if (mark < 0) return [url, new URLSearchParams()];
  return [url.slice(0, mark), new URLSearchParams(url.slice(mark + 1))];
}
