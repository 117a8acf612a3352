/**
 * Asks the endpoints one after the other who leads, over connections of its own that carry nothing else. Rounds
 * repeat with back-off until a node names a leader or the time is up.
 */
import { QuorateError } from '@quorate/wire';
import { Backoff } from './backoff.ts';
import { NodeLink } from './node-link.ts';
import { type CallOptions, type ClientSettings, callTimeoutMs } from './options.ts';
import { PlaceList } from './place-list.ts';

export type Leader = { readonly node: number; readonly addr: string };

/** @throws CANNOT_CONNECT if no node answered, NO_LEADER if none knows one, ABORTED; all with outcome 'none'. */
export async function searchLeader(settings: ClientSettings, options: CallOptions): Promise<Leader> {
  const { clock } = settings;
  const deadlineMs = clock.now() + callTimeoutMs(options.timeoutMs, settings);
  const places = new PlaceList(settings.endpoints);
  const backoff = new Backoff(settings.backoffMinMs, settings.backoffMaxMs, settings.random);
  let reached = 0;
  throwIfAborted(options.signal);
  for (let tried = 1; ; tried++) {
    const leader = await askNode(places.next(), places, settings, options.signal, deadlineMs - clock.now());
    if (leader === 'unknown') reached += 1;
    else if (leader !== 'unreachable') return leader;
    throwIfAborted(options.signal);
    const remainingMs = deadlineMs - clock.now();
    if (remainingMs <= 0) break;
    if (tried % places.count === 0)
      await delay(Math.min(backoff.next(), remainingMs), settings, options.signal);
  }
  if (reached > 0) throw new QuorateError('NO_LEADER', 'no node knows a leader');
  throw new QuorateError('CANNOT_CONNECT', `no endpoint can be reached: ${places.describeFailures()}`);
}

/** Settles within `boundMs`, or at once when the signal fires. */
function askNode(
  place: string,
  places: PlaceList,
  settings: ClientSettings,
  signal: AbortSignal | undefined,
  boundMs: number,
): Promise<Leader | 'unknown' | 'unreachable'> {
  return new Promise((resolve) => {
    const finish = (answer: Leader | 'unknown' | 'unreachable', failure?: string): void => {
      timer.cancel();
      signal?.removeEventListener('abort', onAbort);
      if (failure !== undefined) places.fail(place, failure);
      link.release();
      resolve(answer);
    };
    const onAbort = (): void => finish('unreachable', 'aborted');
    const timer = settings.clock.after(Math.max(0, boundMs), () =>
      finish('unreachable', 'no welcome in time'),
    );
    signal?.addEventListener('abort', onAbort);
    const link = new NodeLink(place, settings, {
      onWelcome: ({ welcome, leader }) => {
        const trouble = welcome === undefined ? undefined : places.onWelcome(place, welcome);
        const addr = places.addrOf(leader);
        if (trouble !== undefined) finish('unreachable', trouble.message);
        else finish(addr === undefined ? 'unknown' : { node: leader, addr });
      },
      onClosed: (_link, reason) => finish('unreachable', reason.message),
      onAnswers: () => undefined,
      onLeader: () => undefined,
      expectsAnswer: () => false,
    });
  });
}

function delay(delayMs: number, settings: ClientSettings, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const finish = (): void => {
      timer.cancel();
      signal?.removeEventListener('abort', finish);
      resolve();
    };
    const timer = settings.clock.after(delayMs, finish);
    signal?.addEventListener('abort', finish);
  });
}

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) {
    throw new QuorateError('ABORTED', 'the search for the leader was aborted', {
      outcome: 'none',
      cause: signal.reason,
    });
  }
}
