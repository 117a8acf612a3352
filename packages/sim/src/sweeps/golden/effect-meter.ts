/**
 * Counts what processes do to the world and have done to them, at their ports: writes handed to the journal, flushes
 * reported back, entries read, frames sent and delivered, slots applied. A hook is called before each of them.
 *
 * A process that dies in the hook dies between that effect and the one before it, so the numbers of the effects are all
 * the moments at which its death can make a difference. Knows ports only, and nothing of the host behind them.
 */
import type { NodeId } from '@quorate/core/protocol';
import type { NodeEnvironment } from '../../hosts/host.ts';

export type EffectKind = 'write' | 'flush' | 'read' | 'send' | 'deliver' | 'apply';

export type Effect = {
  /** From 1, over all nodes. */
  readonly number: number;
  readonly kind: EffectKind;
  readonly node: NodeId;
};

export class EffectMeter {
  readonly #before: (effect: Effect) => void;
  #count = 0;

  constructor(before: (effect: Effect) => void) {
    this.#before = before;
  }

  /** The same environment, metered. */
  wrap(env: NodeEnvironment): NodeEnvironment {
    const happen = (kind: EffectKind): void => {
      this.#count += 1;
      this.#before({ number: this.#count, kind, node: env.self });
    };
    meterJournal(env, happen);
    const { transport, backend } = env;
    return {
      ...env,
      transport: {
        ...transport,
        start: (handlers) =>
          transport.start({
            ...handlers,
            onFrame: (from, lane, frame) => {
              happen('deliver');
              handlers.onFrame(from, lane, frame);
            },
          }),
        send: (to, lane, frame) => {
          happen('send');
          return transport.send(to, lane, frame);
        },
      },
      backend: {
        get appliedSlot() {
          return backend.appliedSlot;
        },
        set appliedSlot(slot) {
          happen('apply');
          backend.appliedSlot = slot;
        },
      },
    };
  }
}

/** In place: hosts hold the journal of the world itself, whose disk outlives them. */
function meterJournal({ journal }: NodeEnvironment, happen: (kind: EffectKind) => void): void {
  const append = journal.append.bind(journal);
  const readEntries = journal.readEntries.bind(journal);
  journal.append = (writes, done) => {
    happen('write');
    append(writes, (error) => {
      happen('flush');
      done(error);
    });
  };
  journal.readEntries = (fromSlot, untilSlot, maxBytes) => {
    happen('read');
    return readEntries(fromSlot, untilSlot, maxBytes);
  };
}
