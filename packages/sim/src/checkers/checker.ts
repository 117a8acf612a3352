/**
 * One checker per property. Each sees every event of every node, keeps what it needs, and says in a sentence what is
 * broken. Checkers know the ledger and nothing of the world behind it.
 */
import type { Ledger } from '../ledger.ts';
import type { PropertyName, SimEvent } from '../sim-event.ts';

export interface Checker {
  readonly property: PropertyName;
  /** Called before the ledger takes the event in. */
  observe(event: SimEvent, ledger: Ledger): string | undefined;
}
