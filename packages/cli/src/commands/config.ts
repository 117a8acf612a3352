/**
 * `config check`: are the file and the addresses in it right? `config print`: which settings are in effect, and
 * where did each come from? `config schema`: what may stand in the file, for editors.
 */
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import {
  clusterIdOf,
  configError,
  configFileSchema,
  describeOrigin,
  hideSecrets,
  type Problem,
  parseAddress,
  SETTING_KEYS,
  type SettingKey,
  type Settings,
  settingProblem,
  settingsOfNode,
} from '@quorate/core/config';
import { QuorateError } from '@quorate/wire';
import { loadBackend } from '../backends.ts';
import type { CommandContext } from '../context.ts';
import { renderTable } from '../output/table.ts';
import { type SettingFlags, settingFlagsOf } from '../setting-options.ts';

export async function runConfigCheck(context: CommandContext, options: SettingFlags): Promise<void> {
  if (context.configFile === undefined) {
    throw new QuorateError(
      'CONFIG_INVALID',
      'there is no config.yaml in this directory\n    name the file with --config FILE',
    );
  }
  const settings = await context.settings(settingFlagsOf(options));
  const problems = await nobodysAddresses(settings);
  if (problems.length > 0) throw configError(settings.source, problems);
  for (let node = 1; node <= settings.addrs.length; node++) await loadBackend(settingsOfNode(settings, node));
  if (context.format === 'json') {
    context.printJson({
      ok: true,
      file: settings.source?.path ?? null,
      nodes: settings.addrs.length,
      clusterId: clusterIdOf(settings),
    });
  } else {
    const nodes = settings.addrs.length === 1 ? '1 node' : `${settings.addrs.length} nodes`;
    context.print(`${context.configFile}: ok, ${nodes}, cluster ${clusterIdOf(settings)}\n`);
  }
}

export async function runConfigPrint(context: CommandContext, options: SettingFlags): Promise<void> {
  const settings = await context.settings(settingFlagsOf(options));
  if (context.format === 'json') {
    const entries = SETTING_KEYS.map((key) => [
      key,
      { value: shownValue(settings, key) ?? null, origin: settings.origins[key] },
    ]);
    context.printJson(Object.fromEntries(entries));
    return;
  }
  const rows = SETTING_KEYS.map((key) => {
    const value = shownValue(settings, key);
    return [
      key,
      value === undefined ? '-' : typeof value === 'string' ? value : JSON.stringify(value),
      describeOrigin(settings.origins[key]),
    ];
  });
  context.print(
    renderTable(['key', 'value', 'origin'], rows, context.format === 'table' ? 'boxed' : 'plain'),
  );
}

export async function runConfigSchema(context: CommandContext): Promise<void> {
  context.print(`${JSON.stringify(await configFileSchema(), undefined, 2)}\n`);
}

/** Host names that nobody has. Asked only here: a node may well start before the names of its peers are known. */
async function nobodysAddresses(settings: Settings): Promise<Problem[]> {
  const problems = await Promise.all(
    settings.addrs.map(async (addr, index): Promise<Problem[]> => {
      const parsed = parseAddress(addr);
      if (!parsed.ok || isIP(parsed.address.host) !== 0) return [];
      try {
        await lookup(parsed.address.host);
        return [];
      } catch {
        // Whatever the resolver's reason, the name leads nowhere from here.
        const what = `${parsed.address.host} is nobody's name: it cannot be looked up`;
        const hint = 'correct the name, or add it to DNS or /etc/hosts';
        return [settingProblem(settings, 'addrs', `addrs.${index}`, what, hint)];
      }
    }),
  );
  return problems.flat();
}

/** Passwords do not belong on a screen. */
function shownValue(settings: Settings, key: SettingKey): unknown {
  return key === 'backendOptions' ? hideSecrets(settings.backendOptions) : settings[key];
}
