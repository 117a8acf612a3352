/**
 * What a search need not tell apart, and why.
 *
 * A message that was sent stays where it was sent to and may be delivered at any time or never (stations.ts). So a state
 * in which more was sent can do everything that a state can in which less was sent; three reductions live on that.
 *
 * Echoes. A delivery that leaves the node as it is and only sends (a refusal, a repeated promise) is taken at once.
 *
 * Settling. A node that does not lead never looks at what is durable; all that hangs on it is which messages may leave
 * and what a crash takes. So its writes are made durable at once, unless a crash is to take them. For that case it is
 * decided at once as well which writes the next crash takes: from the first lost one on, nothing becomes durable before
 * the crash. Both decisions are searched. Leaders count their own durable acceptances, and flush step by step.
 *
 * Repetition. A message that already waits for an earlier write need not wait a second time.
 */
import type { Outgoing } from '@quorate/core/protocol';
import { messageText } from './canonical.ts';
import type { NodeTurn } from './node-turn.ts';

/** The fate of everything written is decided at the end of this turn. */
export function settles({ setting, state, past, unflushed }: NodeTurn): boolean {
  return (
    setting.reduction === 'full' && state.leadership === undefined && !past.doomed && unflushed.length > 0
  );
}

export function isSameLetter(earlier: Outgoing, later: Outgoing): boolean {
  return (
    earlier.to === later.to &&
    earlier.after <= later.after &&
    earlier.message.kind === later.message.kind &&
    messageText(earlier.message) === messageText(later.message)
  );
}
