/**
 * From `backend:` in the settings to a backend object: `kv`, a package, or the path of a module.
 *
 * A module exports a factory as `createBackend` or as its default, `(options) => Backend`. A short name NAME stands
 * for the package `@quorate/backend-NAME`. Leaves to others: opening the backend (the runtime).
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { isAbsolute, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Settings, systemErrorCode } from '@quorate/core/config';
import type { Backend } from '@quorate/core/ports';
import { QuorateError } from '@quorate/wire';

const PATH_HINT =
  'a path in config.yaml counts from that file, one on the command line from the present directory';

type BackendSettings = Pick<Settings, 'backend' | 'backendOptions' | 'source'>;

/** @throws CONFIG_INVALID */
export async function loadBackend(settings: BackendSettings): Promise<Backend> {
  const { backend: name, backendOptions } = settings;
  const module = await loadBackendModule(settings);
  const factory = 'createBackend' in module ? module['createBackend'] : module['default'];
  if (typeof factory !== 'function') {
    throw invalid(
      `backend ${name}: the module exports no createBackend function`,
      'export function createBackend(options) { ... }',
    );
  }
  let backend: unknown;
  try {
    backend = await (factory as (options: unknown) => unknown)(backendOptions);
  } catch (error) {
    throw invalid(`backend ${name}: ${messageOf(error)}`, 'see backendOptions', error);
  }
  if (!isBackend(backend)) {
    throw invalid(
      `backend ${name}: createBackend did not give a backend`,
      'it has to return what defineBackend gives, or a Backend',
    );
  }
  return backend;
}

export async function loadBackendModule(
  settings: Pick<BackendSettings, 'backend' | 'source'>,
): Promise<Record<string, unknown>> {
  const { backend: name } = settings;
  const isShort = /^[a-z][a-z0-9-]*$/.test(name);
  const specifier = isAbsolute(name)
    ? pathToFileURL(name).href
    : isShort
      ? `@quorate/backend-${name}`
      : resolveFrom(settings);
  try {
    return (await import(specifier)) as Record<string, unknown>;
  } catch (error) {
    const missing = systemErrorCode(error) === 'ERR_MODULE_NOT_FOUND';
    if (missing && isShort)
      throw invalid(
        `backend ${name}: there is no such backend`,
        `npm install ${specifier}, or write kv, or the path of a module: ./my-backend.mjs`,
        error,
      );
    if (missing && isAbsolute(name) && !existsSync(name))
      throw invalid(`backend ${name}: there is no such file`, PATH_HINT, error);
    throw invalid(
      `backend ${name}: cannot load the module: ${messageOf(error)}`,
      missing
        ? hintForMissing(name, messageOf(error))
        : `the module was found, and fails by itself${isAbsolute(name) ? `; node ${name} shows where` : ''}`,
      error,
    );
  }
}

/** What is missing: the module, or a package that the module imports? */
function hintForMissing(name: string, message: string): string {
  const wanted = /^Cannot find package '([^']+)'/.exec(message)?.[1];
  if (wanted === undefined) return PATH_HINT;
  if (!name.startsWith('.') && !isAbsolute(name))
    return /\.[cm]?js$/.test(name)
      ? `npm install ${name}; or, if a file is meant, begin with ./: ./${name}`
      : `npm install ${name}`;
  return wanted.startsWith('@quorate/')
    ? 'keep its directory inside the clone of Quorate, or link the packages: ln -s CLONE/node_modules node_modules'
    : `the module was found; it imports a package that is not there: npm install ${wanted}`;
}

/** A package is looked for beside the config file first: it belongs to the project that has the file. */
function resolveFrom({ backend, source }: Pick<BackendSettings, 'backend' | 'source'>): string {
  try {
    return pathToFileURL(createRequire(source?.path ?? resolve('package.json')).resolve(backend)).href;
  } catch {
    return backend; // Not there, or not for `require`: the import decides, from where this program is installed.
  }
}

function isBackend(value: unknown): value is Backend {
  if (typeof value !== 'object' || value === null) return false;
  const methods = ['open', 'parse', 'encode', 'decode', 'apply', 'query', 'close'] as const;
  return methods.every(
    (method) => method in value && typeof (value as Record<string, unknown>)[method] === 'function',
  );
}

function invalid(what: string, hint: string, cause?: unknown): QuorateError {
  return new QuorateError('CONFIG_INVALID', `${what}\n    ${hint}`, { cause });
}

function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n', 1)[0] ?? '';
}
