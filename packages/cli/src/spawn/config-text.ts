/**
 * The `config.yaml` of a throw-away cluster: where its nodes are, where their data goes, and what else is asked for.
 */

/** JSON is YAML, so every value can be written as JSON. */
export function configText(
  addrs: readonly string[],
  dataDir: string,
  settings: Readonly<Record<string, unknown>>,
): string {
  const lines = ['addrs:', ...addrs.map((addr) => `  - ${addr}`)];
  const rest = { dataDir, backend: 'kv', ...settings };
  for (const [key, value] of Object.entries(rest)) lines.push(`${key}: ${JSON.stringify(value)}`);
  return `${lines.join('\n')}\n`;
}
