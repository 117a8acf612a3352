/**
 * A counterexample as a play, in the form of the protocol's transcripts: what happens, `----`, what comes of it.
 */
import type { ReplicaView } from '@quorate/core/protocol';
import type { Action } from './action.ts';
import type { World } from './judge.ts';
import { replay } from './replay.ts';
import type { Counterexample } from './search.ts';
import type { Setting } from './setting.ts';
import type { Step } from './successors.ts';

export function transcribe(setting: Setting, counterexample: Counterexample): string {
  const { violation, crashes, steps } = counterexample;
  const { name, windowSlots } = setting.scope;
  const scenes: string[] = [
    `# ${violation.property}: ${violation.detail}\n# scope ${name}, crashes ${crashes.join()}, ${steps.length} steps\ncluster 3 windowSlots=${windowSlots}\n----`,
  ];
  let lines: string[] = [];
  let before: World | undefined;
  const endScene = (world: World | undefined): void => {
    if (before === undefined) return;
    for (const [column, node] of (world ?? before).entries()) {
      const status = statusOf(setting, node);
      if (world !== undefined && status !== statusOf(setting, before[column as 0 | 1 | 2]))
        lines.push(status);
    }
    scenes[scenes.length - 1] += lines.map((line) => `\n${line}`).join('');
    lines = [];
  };
  const found = replay(setting, counterexample, {
    onStep: (step, world) => {
      endScene(world);
      before = world;
      scenes.push(`${commandOf(setting, step)}\n----`);
    },
    onLine: (column, line) => lines.push(`${column + 1} ${line}`),
  });
  endScene(undefined);
  scenes.push(found === undefined ? '# not found again' : `# ${found.property}: ${found.detail}`);
  return `${scenes.join('\n\n')}\n`;
}

/** One line for a step. */
export function commandOf({ protocol }: Setting, { column, action }: Step): string {
  const self = column + 1;
  const fate = action.fate === undefined ? '' : ` durable=${action.fate}`;
  return `${verbOf(action, self, protocol.describeMessage)}${fate}`;
}

function verbOf(
  action: Action,
  self: number,
  describeMessage: Setting['protocol']['describeMessage'],
): string {
  switch (action.kind) {
    case 'deliver':
      return `deliver ${action.from}>${self} ${describeMessage(action.message)}`;
    case 'flush':
      return `flush ${self} writes=${action.writes}`;
    case 'campaign':
      return `campaign ${self} granted-by=${action.granter.self}`;
    case 'read':
      return `read ${self} floor=${action.floorSlot}`;
    case 'tick':
      return `tick ${self} choice=${action.choice}`;
    case 'crash':
      return `crash ${self}${action.keepsLearned ? ' keep=learned' : ''} ; restart ${self}`;
    case 'propose':
    case 'expire':
      return `${action.kind} ${self}`;
    default:
      return action satisfies never;
  }
}

function statusOf({ protocol }: Setting, { state }: World[number]): string {
  const view: ReplicaView = protocol.resumeReplica(state).view();
  const held = view.accepted
    .map(({ slot, ballot }) => ` ${slot}@${protocol.describeBallot(ballot)}`)
    .join('');
  return `${protocol.describeView(view)}${held === '' ? '' : ` holds${held}`}`;
}
