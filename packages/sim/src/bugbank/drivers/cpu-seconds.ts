/** What this process has cost so far: seconds of a processor, which do not depend on what else the machine does. */
export function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}
