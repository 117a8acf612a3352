/**
 * The one clock of a run: the machine's monotonic time in microseconds. All processes of a machine read the same one,
 * so what the load processes and the runner write down can be put in one order.
 */
export function nowUs(): number {
  return Number(process.hrtime.bigint() / 1000n);
}
