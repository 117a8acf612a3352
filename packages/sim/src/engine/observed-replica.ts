/**
 * The production replica with an observer around `step`: the checkers see its inputs and outputs as they see those of
 * the first depth.
 */
import type { createReplica, Input, NodeId, Output, Value } from '@quorate/core/protocol';
import type { SimEvent } from '../sim-event.ts';

export type ReplicaObserver = {
  readonly node: NodeId;
  readonly incarnation: number;
  /** Unique among all lives of all nodes: tickets of different lives must not be taken for one another. */
  readonly ticketBase: number;
  readonly emit: (event: SimEvent) => void;
  /** A value is about to be proposed. */
  readonly submit: (value: Value) => void;
};

export function observedReplica(
  create: typeof createReplica,
  observer: ReplicaObserver,
): typeof createReplica {
  const { node, incarnation, emit } = observer;
  return (boot) => {
    const replica = create(boot);
    const step = replica.step.bind(replica);
    replica.step = (input) => {
      if (input.kind === 'propose') observer.submit(input.value);
      const output = step(input);
      emit({
        kind: 'step',
        node,
        input: withTicket(input, observer),
        output: withTickets(output, observer),
        replica,
      });
      return output;
    };
    emit({
      kind: 'boot',
      node,
      incarnation,
      image: boot.recovered,
      appliedSlot: boot.appliedSlot,
      replica,
    });
    return replica;
  };
}

function withTicket(input: Input, { ticketBase }: ReplicaObserver): Input {
  return input.kind === 'read' ? { ...input, ticket: input.ticket + ticketBase } : input;
}

function withTickets(output: Output, { ticketBase }: ReplicaObserver): Output {
  if (output.reads.length === 0) return output;
  const reads = output.reads.map((answer) => ({ ...answer, ticket: answer.ticket + ticketBase }));
  return { ...output, reads };
}
