/**
 * From a module as `backend:` of the configuration names it to a subject of the conformance kit. Beside `createBackend` it
 * exports `conformance`: sample commands as plain texts and lists of words, or a function that makes the whole subject, for
 * stores that have to be started first.
 */
import type { CommandInput } from '@quorate/wire';
import type { Backend, BackendFactory } from '../ports/backend.ts';
import type { Random } from '../protocol/random.ts';
import { argumentsCommand, type BackendSubject, textCommand } from './backend-conformance-kit.ts';

/** A line as a person types it, a list of arguments, or the command as the framework has it. */
export type Sample = string | readonly (string | Uint8Array)[] | CommandInput;

type Given = 'name' | 'create' | 'commands' | 'refused' | 'randomCommand' | 'module';

export type ConformanceSamples = Omit<BackendSubject, Given> & {
  /** Accepted by `parse`: at least one read and two writes. */
  readonly commands: readonly Sample[];
  /** Refused by `parse`. */
  readonly refused: readonly Sample[];
  /** One of many, for longer histories. */
  readonly randomCommand?: (random: Random) => Sample;
};

/** `stop` ends what was started for it. */
export type StartedSubject = BackendSubject & { stop?(): Promise<void> };

export type SubjectSource = {
  readonly name: string;
  /** File URL of the module, for rules that run it in a process of its own. */
  readonly url?: string;
  /** As `backendOptions` would have them. */
  readonly options?: unknown;
};

/** @throws TypeError that says what the module has to export */
export async function subjectOf(
  module: Readonly<Record<string, unknown>>,
  { name, url, options }: SubjectSource,
): Promise<StartedSubject> {
  const samples = module['conformance'];
  if (typeof samples === 'function')
    return (samples as (options: unknown) => StartedSubject | Promise<StartedSubject>)(options);
  const factory = module['createBackend'] ?? module['default'];
  if (typeof factory !== 'function') throw new TypeError('the module exports no createBackend function');
  if (!isSamples(samples))
    throw new TypeError(
      'the module exports no sample commands: export const conformance = { commands: [...], refused: [...] }',
    );
  const effective = options ?? samples.options;
  const create = (): Backend | Promise<Backend> => (factory as BackendFactory)(effective);
  const { randomCommand, ...rest } = samples;
  return {
    // A store in the directory of its node is reopened by the next backend that gets the directory.
    reopen: create,
    ...rest,
    name,
    create,
    options: effective,
    commands: samples.commands.map(inputOf),
    refused: samples.refused.map(inputOf),
    ...(randomCommand === undefined
      ? {}
      : { randomCommand: (random: Random) => inputOf(randomCommand(random)) }),
    ...(url === undefined ? {} : { module: url }),
  };
}

function inputOf(sample: Sample): CommandInput {
  if (typeof sample === 'string') return textCommand(sample);
  return 'form' in sample ? sample : argumentsCommand(...sample);
}

function isSamples(value: unknown): value is ConformanceSamples {
  if (typeof value !== 'object' || value === null) return false;
  return (
    'commands' in value && Array.isArray(value.commands) && 'refused' in value && Array.isArray(value.refused)
  );
}
