/**
 * Finds the module whose backend is to be checked: the path of a file, a package, or a short name, whose package may keep
 * its samples apart as `@quorate/backend-NAME/conformance`.
 */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { loadBackendModule } from '../backends.ts';

export type ConformanceModule = {
  readonly module: Readonly<Record<string, unknown>>;
  /** For a process of its own; undefined when the module was found in a way that only this process knows. */
  readonly url: string | undefined;
};

/** @throws CONFIG_INVALID */
export async function conformanceModule(name: string): Promise<ConformanceModule> {
  const isPath = /^[./]|[/\\]|\.[cm]?js$/.test(name) && (existsSync(name) || !name.startsWith('@'));
  const backend = isPath ? resolve(name) : name;
  const samples = /^[a-z][a-z0-9-]*$/.test(name) ? `@quorate/backend-${name}/conformance` : undefined;
  if (samples !== undefined) {
    try {
      const module = (await import(samples)) as Record<string, unknown>;
      return { module, url: import.meta.resolve(samples) };
    } catch (error) {
      const { code } = error as { readonly code?: unknown };
      if (code !== 'ERR_MODULE_NOT_FOUND' && code !== 'ERR_PACKAGE_PATH_NOT_EXPORTED') throw error;
    }
  }
  const module = await loadBackendModule({ backend, source: undefined });
  return { module, url: isPath ? pathToFileURL(backend).href : undefined };
}
