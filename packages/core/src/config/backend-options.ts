/**
 * `backendOptions` for one node: a list directly below it is parallel to `addrs`, and the node gets its own entry, so that
 * one file serves all nodes and each has a store of its own.
 *
 *   backendOptions:
 *     url:
 *       - redis://10.0.0.1:6379
 *       - redis://10.0.0.2:6379
 *       - redis://:${REDIS_PASSWORD}@10.0.0.3:6379
 *
 * Lists deeper down are the backend's own.
 */

import { settingProblem } from './setting-problem.ts';
import type { Settings } from './settings.ts';
import { configError, type Problem } from './source.ts';

/** @param node from 1 @throws CONFIG_INVALID when a list has not one entry for each node */
export function settingsOfNode(settings: Settings, node: number): Settings {
  const { backendOptions, addrs } = settings;
  if (typeof backendOptions !== 'object' || backendOptions === null || Array.isArray(backendOptions))
    return settings;
  const problems: Problem[] = [];
  const own = Object.entries(backendOptions).map(([key, value]: [string, unknown]) => {
    if (!Array.isArray(value)) return [key, value];
    if (value.length !== addrs.length) {
      const what = `a list of ${value.length} for ${addrs.length} nodes`;
      const hint = 'a list here is parallel to addrs: one entry for each node, in the same order';
      problems.push(settingProblem(settings, 'backendOptions', `backendOptions.${key}`, what, hint));
    }
    return [key, value[node - 1] as unknown];
  });
  if (problems.length > 0) throw configError(settings.source, problems);
  return { ...settings, backendOptions: Object.fromEntries(own) as unknown };
}
