/** `redis commands`: every command of Redis with what the Redis backend makes of it. */
import { loadBackendModule } from '../backends.ts';
import type { CommandContext } from '../context.ts';
import { renderTable } from '../output/table.ts';

/** As `COMMAND_TABLE` of @quorate/backend-redis has it; that package is loaded when it is asked for. */
type Verdict =
  | { readonly kind: 'read' | 'write'; readonly note?: string }
  | { readonly kind: 'refused'; readonly why: string; readonly instead: string };

export async function runRedisCommands(context: CommandContext): Promise<void> {
  const module = await loadBackendModule({ backend: 'redis', source: undefined });
  const table = [...(module['COMMAND_TABLE'] as ReadonlyMap<string, Verdict>)].sort(([one], [other]) =>
    one < other ? -1 : 1,
  );
  if (context.format === 'json')
    return context.printJson(table.map(([name, verdict]) => ({ name, ...verdict })));
  const rows = table.map(([name, verdict]) => [verdict.kind, name, remarkOf(verdict)]);
  context.print(
    renderTable(['verdict', 'command', 'remark'], rows, context.format === 'table' ? 'boxed' : 'plain'),
  );
  const count = (kind: Verdict['kind']): number =>
    table.filter(([, verdict]) => verdict.kind === kind).length;
  context.print(
    `\n${table.length} commands: ${count('read')} reads, ${count('write')} writes, ${count('refused')} refused\n`,
  );
}

function remarkOf(verdict: Verdict): string {
  return verdict.kind === 'refused' ? `${verdict.why}; ${verdict.instead}` : (verdict.note ?? '');
}
