/**
 * `status`: every node of the cluster, the ones that do not answer included. Exit code 5 when no quorum has a leader.
 */
import type { CommandContext } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { isHealthy, renderReport, reportOn } from '../status/report.ts';

const STATUS_TIMEOUT_MS = 1000;

export async function runStatus(context: CommandContext): Promise<void> {
  const report = await reportOn(await context.endpoints(), context.timeoutMsOr(STATUS_TIMEOUT_MS));
  if (context.format === 'json') context.printJson(report);
  else context.print(renderReport(report, context.format === 'table' ? 'boxed' : 'plain'));
  if (!isHealthy(report)) context.exitCode = EXIT.unhealthy;
}
