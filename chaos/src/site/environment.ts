/**
 * How a process of the rig is told where to dial instead, and how wrong its wall clock is: two environment variables,
 * written here by the runner and read by `preload.ts` inside of the process.
 *
 * The product knows nothing of either. Its nodes have their ordinary addresses, in one `config.yaml` for all, and what
 * they dial goes through a proxy only because their `net` module was told so.
 */

/** `host:port=host:port,...`: whoever dials the left is connected to the right. */
export const ROUTES_VARIABLE = 'CHAOS_ROUTES';
/** Path of a file that holds milliseconds to be added to the wall clock; read again and again. */
export const CLOCK_FILE_VARIABLE = 'CHAOS_CLOCK_FILE';

export type Routes = ReadonlyMap<string, string>;

export function writeRoutes(routes: Routes): string {
  return [...routes].map(([from, to]) => `${from}=${to}`).join(',');
}

export function readRoutes(text: string | undefined): Routes {
  const routes = new Map<string, string>();
  for (const part of (text ?? '').split(',')) {
    const [from, to] = part.split('=');
    if (from !== undefined && to !== undefined) routes.set(from, to);
  }
  return routes;
}
