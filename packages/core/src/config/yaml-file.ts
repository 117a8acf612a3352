/**
 * From a YAML file to plain data plus the position of every key and value.
 *
 * Owns: syntax errors with positions, `${NAME}` taken from the environment, limits on size and aliases. Leaves to
 * others: which keys there are and what they may hold (`schema.ts`).
 *
 * `${NAME}` stands for an environment variable inside any text value; an undefined one is an error, `$${` is a plain
 * `${`. The text that comes in is never read as YAML structure; only a value that is nothing but a number, `true` or
 * `false` becomes one, and only where the file has no quotes around it.
 */
import { readFileSync } from 'node:fs';
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type ParsedNode,
  parseDocument,
  Scalar,
  visit,
  type YAMLError,
} from 'yaml';
import { type ConfigSource, configError, type Position, type Problem } from './source.ts';
import { systemErrorText } from './system-error.ts';

export type YamlFile = { readonly source: ConfigSource; readonly value: unknown };

export type Environment = Readonly<Record<string, string | undefined>>;

const MAX_CONFIG_BYTES = 1024 * 1024;
const MAX_ALIASES = 100;
/** Values within values. */
const MAX_NESTING = 100;

/**
 * `name` is how messages call the file.
 * @throws CONFIG_INVALID
 */
export function readYamlFile(path: string, name: string, env: Environment): YamlFile {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw refusal(`cannot read ${name}: ${systemErrorText(error)}`, 'name the file with --config FILE');
  }
  return parseYaml(text, path, name, env);
}

/** @throws CONFIG_INVALID */
export function parseYaml(text: string, path: string, name: string, env: Environment): YamlFile {
  if (text.length > MAX_CONFIG_BYTES)
    throw refusal(`${name} is larger than ${MAX_CONFIG_BYTES} bytes`, undefined);
  try {
    return readDocument(text, path, name, env);
  } catch (error) {
    // Whatever reads a document goes as deep as its values are nested, and the stack has an end.
    if (error instanceof RangeError) throw refusal(tooDeep(name), undefined);
    throw error;
  }
}

function readDocument(text: string, path: string, name: string, env: Environment): YamlFile {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, {
    lineCounter,
    uniqueKeys: true,
    prettyErrors: false,
    // It would print its warnings by itself.
    logLevel: 'error',
  });
  // The parser takes an end of the stack that it meets itself for a mistake in the file.
  if (document.errors.some(({ message }) => message.startsWith('Maximum call stack'))) throw new RangeError();
  const at = (offset: number): Position => {
    const { line, col } = lineCounter.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const source: ConfigSource = { path, name, text, ...positionsOf(document.contents, at) };
  // The first mistake in the syntax makes the parser see others that are none.
  const problems = [...document.errors, ...document.warnings]
    .slice(0, 1)
    .map((error) => syntaxProblem(error, at));
  problems.push(...substituteEnvironment(document, at, env));
  if (problems.length > 0) throw configError(source, problems);
  return { source, value: plainValue(document, source) };
}

function plainValue(document: Document.Parsed, source: ConfigSource): unknown {
  const refuse = (what: string): Error =>
    configError(source, [
      {
        position: undefined,
        subject: undefined,
        what,
        hint: 'write the value out instead of using an alias',
      },
    ]);
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: MAX_ALIASES });
  } catch (error) {
    throw refuse(firstLine(error instanceof Error ? error.message : String(error)));
  }
  if (isEndless(value, [])) throw refuse('an alias stands inside its own anchor');
  if (isDeeper(value, MAX_NESTING)) throw refusal(tooDeep(source.name), undefined);
  return value;
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isDeeper(inner, levels - 1));
}

function tooDeep(name: string): string {
  return `${name} is nested more than ${MAX_NESTING} levels deep`;
}

function isEndless(value: unknown, around: readonly unknown[]): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (around.includes(value)) return true;
  return Object.values(value).some((inner) => isEndless(inner, [...around, value]));
}

function syntaxProblem(error: YAMLError, at: (offset: number) => Position): Problem {
  if (error.code === 'MULTIPLE_DOCS')
    return {
      position: at(error.pos[0]),
      subject: undefined,
      what: 'a second document begins here',
      hint: 'the settings are one document: remove the --- and what follows it',
    };
  const hint =
    error.code === 'DUPLICATE_KEY'
      ? 'keep one of them'
      : error.code === 'TAB_AS_INDENT'
        ? 'indent with spaces'
        : 'quote text that contains characters with a meaning in YAML';
  return {
    position: at(error.pos[0]),
    subject: undefined,
    what: `not valid YAML: ${firstLine(error.message)}`,
    hint,
  };
}

function positionsOf(
  root: ParsedNode | null,
  at: (offset: number) => Position,
): { readonly values: Map<string, Position>; readonly keys: Map<string, Position> } {
  const values = new Map<string, Position>();
  const keys = new Map<string, Position>();
  const walk = (node: unknown, path: string): void => {
    if (!isMap(node) && !isSeq(node) && !isScalar(node) && !isAlias(node)) return;
    if (node.range) values.set(path, at(node.range[0]));
    if (isSeq(node)) node.items.forEach((item, index) => walk(item, join(path, String(index))));
    if (!isMap(node)) return;
    for (const pair of node.items) {
      const key = isScalar(pair.key) ? pair.key : undefined;
      const child = join(path, String(key?.value));
      if (key?.range) keys.set(child, at(key.range[0]));
      // A key without a value has a value of no length somewhere behind it; the key is the better place to point at.
      if (isScalar(pair.value) && pair.value.range?.[0] === pair.value.range?.[1]) continue;
      walk(pair.value, child);
    }
  };
  walk(root, '');
  return { values, keys };
}

function substituteEnvironment(
  document: Document.Parsed,
  at: (offset: number) => Position,
  env: Environment,
): Problem[] {
  const problems: Problem[] = [];
  visit(document, {
    Scalar(role, node) {
      if (role === 'key' || typeof node.value !== 'string' || !node.value.includes('${')) return;
      const { text, missing } = substitute(node.value, env);
      for (const what of missing) {
        const position = node.range ? at(node.range[0]) : undefined;
        problems.push({
          position,
          subject: undefined,
          what,
          hint: 'set the variable, or write $${ for a plain ${',
        });
      }
      node.value = node.type === Scalar.PLAIN ? typed(text) : text;
    },
  });
  return problems;
}

function substitute(
  text: string,
  env: Environment,
): { readonly text: string; readonly missing: readonly string[] } {
  const missing: string[] = [];
  const replaced = text.replaceAll(/\$\$\{|\$\{([^}]*)\}?/g, (whole, name: string | undefined) => {
    if (name === undefined) return '${';
    if (!whole.endsWith('}') || !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
      missing.push(`${JSON.stringify(whole)} does not name an environment variable`);
      return whole;
    }
    const value = env[name];
    if (value === undefined) missing.push(`the environment variable ${name} is not set`);
    return value ?? whole;
  });
  return { text: replaced, missing };
}

function typed(text: string): string | number | boolean {
  if (/^-?\d{1,15}(?:\.\d+)?$/.test(text)) return Number(text);
  return text === 'true' ? true : text === 'false' ? false : text;
}

function refusal(what: string, hint: string | undefined): Error {
  return configError(undefined, [{ position: undefined, subject: undefined, what, hint }]);
}

function join(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}
