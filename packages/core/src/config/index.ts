/** Settings of a node: re-exports only. Loads neither the YAML parser nor the validator until `loadSettings` runs. */
export * from './address.ts';
export { settingsOfNode } from './backend-options.ts';
export { makeDirectory } from './data-directory.ts';
export * from './duration.ts';
export { splitList } from './from-text.ts';
export * from './identity.ts';
export * from './load.ts';
export { nearestWord } from './nearest.ts';
export { hideSecrets, maskSecrets } from './secrets.ts';
export * from './self.ts';
export { settingProblem } from './setting-problem.ts';
export * from './settings.ts';
export { type ConfigSource, configError, type Position, type Problem, positionOf } from './source.ts';
export { systemErrorCode, systemErrorText } from './system-error.ts';
