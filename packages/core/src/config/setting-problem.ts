/**
 * A problem with the value of a setting, wherever it came from: with its place when it stands in the file, otherwise
 * with the variable or the flag.
 */
import { describeOrigin, type SettingKey, type Settings } from './settings.ts';
import { type Problem, positionOf } from './source.ts';

/** `path` leads to the value from the top of the file: the key, or `addrs.2` for one of several. */
export function settingProblem(
  settings: Settings,
  key: SettingKey,
  path: string,
  what: string,
  hint: string,
): Problem {
  const origin = settings.origins[key];
  switch (origin.kind) {
    case 'file':
      return { position: positionOf(settings.source, path), subject: path, what, hint };
    case 'default':
      return { position: undefined, subject: path, what, hint };
    case 'environment':
    case 'flag':
      return { position: undefined, subject: describeOrigin(origin), what, hint };
    default:
      return origin satisfies never;
  }
}
