/**
 * A command of the Redis backend: read from a line or a list of arguments, and its bytes in the log.
 *
 * The bytes are the argument list of the rewritten command (rewrite.ts), name in capitals. Several commands as one:
 * `MULTI`, then for each command the number of its words and its words. A list of arguments is given in the same form;
 * a line says `MULTI; SET a 1; INCR b; EXEC`. A prepared SPOP is `SPOP.CHOSEN key count member...`, which only the
 * log can hold; count is empty where SPOP was given without one.
 */
import { type Access, quoteWord } from '@quorate/core/ports';
import {
  type CommandInput,
  decodeArguments,
  encodeArguments,
  equalBytes,
  malformed,
  QuorateError,
} from '@quorate/wire';
import { COMMAND_TABLE, READ_ONLY_ALONE } from './command-table.ts';
import { REWRITES } from './rewrite.ts';
import { splitCommands } from './split-commands.ts';
import { CommandMistake, integer, isExactly, upper, word } from './words.ts';

export type SingleCommand = {
  /** In capitals. */
  readonly name: string;
  /** With the name. */
  readonly words: readonly Uint8Array[];
  readonly access: Access;
};

export type RedisCommand = {
  /** What the log holds. */
  readonly bytes: Uint8Array;
  readonly access: Access;
  /** One command, or those of an atomic one in order. */
  readonly parts: readonly SingleCommand[];
  readonly isAtomic: boolean;
};

export type RedisParsed =
  | { readonly ok: true; readonly command: RedisCommand }
  | { readonly ok: false; readonly error: string };

/** Words of one command: the server's scripting language passes at most 8000 on. */
export const MAX_WORDS = 7000;
/** Commands within one atomic command. */
export const MAX_ATOMIC_COMMANDS = 10_000;

export const CHOSEN = 'SPOP.CHOSEN';
const USAGE = 'usage: a Redis command such as SET key value, or MULTI; SET a 1; INCR b; EXEC';

/** Total: anything that is no command, or is refused, gives an error for people. */
export function parseRedisCommand(input: CommandInput): RedisParsed {
  try {
    return { ok: true, command: readInput(input) };
  } catch (error) {
    if (error instanceof CommandMistake || error instanceof QuorateError)
      return { ok: false, error: error.message };
    throw error;
  }
}

function readInput(input: CommandInput): RedisCommand {
  if (input.form === 'arguments') {
    const words = decodeArguments(input.bytes);
    return upper(words[0]) === 'MULTI' ? atomic(splitCounted(words)) : single(words, input.bytes);
  }
  const commands = splitCommands(input.text);
  if (commands.length === 0) throw new CommandMistake(`no command\n${USAGE}`);
  const [first] = commands;
  const isMulti = first !== undefined && first.length === 1 && upper(first[0]) === 'MULTI';
  if (!isMulti) {
    if (commands.length > 1)
      throw new CommandMistake(
        'several commands at once: begin with MULTI and end with EXEC, or send them one by one',
      );
    return single(first ?? []);
  }
  const last = commands.at(-1);
  if (commands.length < 2 || last?.length !== 1 || upper(last[0]) !== 'EXEC')
    throw new CommandMistake('an atomic command ends with EXEC: MULTI; SET a 1; INCR b; EXEC');
  return atomic(commands.slice(1, -1));
}

/** `given`: the bytes that the words were read from. @throws CommandMistake */
function single(words: readonly Uint8Array[], given?: Uint8Array): RedisCommand {
  const part = readSingle(words);
  // The list of arguments has one encoding: where no word was changed, the bytes that came are those of the log.
  const bytes = part.words === words && given !== undefined ? given : canonical(part.words, given);
  return { bytes, access: part.access, parts: [part], isAtomic: false };
}

function readSingle(words: readonly Uint8Array[]): SingleCommand {
  const [first] = words;
  if (first === undefined) throw new CommandMistake(`no command\n${USAGE}`);
  const given = upper(first);
  const verdict = COMMAND_TABLE.get(given);
  if (verdict === undefined)
    throw new CommandMistake(
      `unknown command ${quoteWord(first.subarray(0, 40))}; \`npx quorate redis commands\` lists all`,
    );
  if (verdict.kind === 'refused')
    throw new CommandMistake(`${given} is refused: ${verdict.why}. Instead: ${verdict.instead}`);
  const { arity } = verdict;
  if (arity > 0 ? words.length !== arity : words.length < -arity)
    throw new CommandMistake(`wrong number of arguments for '${given.toLowerCase()}' command`);
  if (words.length > MAX_WORDS)
    throw new CommandMistake(`a command of ${words.length} words; the limit is ${MAX_WORDS}, send several`);
  const rewrite = REWRITES.get(given);
  const named = isExactly(first, given) ? words : [word(given), ...words.slice(1)];
  if (rewrite === undefined) return { name: given, words: named, access: verdict.kind };
  const rewritten = rewrite(named);
  return { name: upper(rewritten.words[0]), ...rewritten };
}

function atomic(commands: readonly (readonly Uint8Array[])[]): RedisCommand {
  if (commands.length > MAX_ATOMIC_COMMANDS)
    throw new CommandMistake(`${commands.length} commands as one; the limit is ${MAX_ATOMIC_COMMANDS}`);
  const parts = commands.map((words, index) => {
    try {
      return readSingle(words);
    } catch (error) {
      if (!(error instanceof CommandMistake)) throw error;
      throw new CommandMistake(`command ${index + 1} of MULTI: ${error.message}`);
    }
  });
  const access = parts.some((part) => part.access === 'write') ? 'write' : 'read';
  if (access === 'write') for (const part of parts) checkBesideWrites(part);
  return { bytes: encodeAtomic(parts), access, parts, isAtomic: true };
}

/** What an atomic command answers is kept for retries, so it has to be the same on all nodes. */
function checkBesideWrites({ name, words }: SingleCommand): void {
  if (READ_ONLY_ALONE.has(name))
    throw new CommandMistake(`${name} answers differently on every server; ask before MULTI`);
  if (name === 'SORT_RO' && words.slice(2).some((each) => upper(each) === 'ALPHA'))
    throw new CommandMistake(
      'SORT ... ALPHA compares as the locale of the server does; ask before MULTI, or STORE the result',
    );
}

function encodeAtomic(parts: readonly SingleCommand[]): Uint8Array {
  const words = parts.flatMap((part) => [word(String(part.words.length)), ...part.words]);
  if (words.length + 1 > 65_535) throw new CommandMistake('an atomic command of more than 65534 words');
  return encodeArguments([word('MULTI'), ...words]);
}

/** MULTI, then count and words of each command. */
function splitCounted(words: readonly Uint8Array[]): (readonly Uint8Array[])[] {
  const commands: (readonly Uint8Array[])[] = [];
  for (let index = 1; index < words.length; ) {
    const count = integer(words[index]);
    if (count < 1 || index + count >= words.length)
      throw new CommandMistake('after MULTI comes, for each command, the number of its words and its words');
    commands.push(words.slice(index + 1, index + 1 + count));
    index += 1 + count;
  }
  return commands;
}

/** Keeps the bytes that came, where they already are what the log holds: nothing is copied on the common way. */
function canonical(words: readonly Uint8Array[], given: Uint8Array | undefined): Uint8Array {
  const bytes = encodeArguments(words);
  return given !== undefined && equalBytes(bytes, given) ? given : bytes;
}

/** The bytes of the log back into a command; copies what it keeps. @throws QuorateError WIRE_MALFORMED */
export function decodeRedisCommand(bytes: Uint8Array): RedisCommand {
  const words = decodeArguments(bytes);
  if (words[0] !== undefined && isExactly(words[0], CHOSEN)) return decodeChosen(bytes, words);
  const parsed = parseRedisCommand({ form: 'arguments', bytes });
  if (!parsed.ok) throw malformed(`no command of the Redis backend: ${parsed.error}`);
  if (parsed.command.bytes !== bytes && !equalBytes(parsed.command.bytes, bytes))
    throw malformed('a Redis command that was not rewritten');
  return parsed.command;
}

function decodeChosen(bytes: Uint8Array, words: readonly Uint8Array[]): RedisCommand {
  const [, , count] = words;
  if (count === undefined || words.length > MAX_WORDS) throw malformed('an SPOP that was not prepared');
  if (count.length > 0) integerOrMalformed(count);
  return { bytes, access: 'write', parts: [{ name: CHOSEN, words, access: 'write' }], isAtomic: false };
}

function integerOrMalformed(bytes: Uint8Array): void {
  try {
    if (integer(bytes) < 0) throw new CommandMistake('negative');
  } catch {
    throw malformed('an SPOP with a count that is none');
  }
}

/** An SPOP for the log with members that the leader found. */
export function chosenPop(spop: SingleCommand, members: readonly Uint8Array[]): RedisCommand {
  const [, key, count] = spop.words;
  const words = [word(CHOSEN), key as Uint8Array, count ?? new Uint8Array(0), ...members];
  return decodeChosen(encodeArguments(words), words);
}

/** One line for people. */
export function describeCommand(command: RedisCommand): string {
  const lines = command.parts.map(({ words }) => words.map(shortened).join(' '));
  return command.isAtomic ? ['MULTI', ...lines, 'EXEC'].join('; ') : (lines[0] ?? '');
}

const SHOWN_BYTES = 100;

function shortened(bytes: Uint8Array): string {
  return bytes.length <= SHOWN_BYTES
    ? quoteWord(bytes)
    : `${quoteWord(bytes.subarray(0, SHOWN_BYTES))}... (${bytes.length} bytes)`;
}
