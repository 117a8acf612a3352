/**
 * Commands that the operators of a cluster refuse (option `refuse`): the way out when no server can carry one out, because
 * it alone takes more memory or disk than there is. Each is named `slot/place`. Every node must refuse the same ones, or the
 * replicas differ: `compatibility` compares them, and a store notes which it left out.
 */
import { type AppliedMark, BackendDiverged, BackendUnavailable } from '@quorate/core/ports';
import { QuorateError, type Result } from '@quorate/wire';

/** Of the option; nodes compare no longer texts. */
const MAX_CHARACTERS = 200;

/** Names in the order of the log, each once. */
export type RefusedCommands = readonly string[];

export const REFUSED_BY_OPERATORS: Result = {
  ok: false,
  code: 'REFUSED_BY_OPERATORS',
  message:
    'no server could carry this command out, so the operators of the cluster had it left out; nothing of it took effect',
};

/** @throws QuorateError CONFIG_INVALID */
export function readRefused(option: unknown): RefusedCommands {
  const words = typeof option === 'string' ? option.split(/[\s,]+/).filter((word) => word !== '') : [];
  const isWell = typeof option === 'string' && words.every((word) => /^[1-9]\d{0,15}\/\d{1,6}$/.test(word));
  if (option !== undefined && (!isWell || option.length > MAX_CHARACTERS))
    throw new QuorateError(
      'CONFIG_INVALID',
      `refuse names commands as quorate status shows them, like "812/0", separated by blanks, in at most ${MAX_CHARACTERS} characters`,
    );
  return [...new Set(words)].sort(
    (left, right) => slotOf(left) - slotOf(right) || placeOf(left) - placeOf(right),
  );
}

/** Places within `slot`, with the answer to each. */
export function refusedIn(commands: RefusedCommands, slot: number): Map<number, Result> {
  const here = commands.filter((name) => slotOf(name) === slot);
  return new Map(here.map((name) => [placeOf(name), REFUSED_BY_OPERATORS]));
}

/** What a store at `slot` must have noted. */
export function notedThrough(commands: RefusedCommands, slot: number): string {
  return commands.filter((name) => slotOf(name) <= slot).join(' ');
}

/**
 * @param noted what the store has noted
 * @throws BackendUnavailable when the option lacks a command, BackendDiverged when the store executed one
 */
export function checkNoted(commands: RefusedCommands, noted: string, mark: AppliedMark | undefined): void {
  const slot = mark?.slot ?? 0;
  const left = noted.split(' ').filter((name) => name !== '');
  const lacking = left.find((name) => !commands.includes(name));
  if (lacking !== undefined)
    throw new BackendUnavailable(
      `command ${lacking} was left out here because the option \`refuse\` named it; it must go on to do so, on every node`,
    );
  const executed = commands.find((name) => slotOf(name) <= slot && !left.includes(name));
  if (executed !== undefined)
    throw new BackendDiverged(
      `this server executed command ${executed} before the option \`refuse\` named it; give the node an empty database, and it is filled again from the log`,
    );
}

function slotOf(name: string): number {
  return Number(name.split('/')[0]);
}

function placeOf(name: string): number {
  return Number(name.split('/')[1]);
}
