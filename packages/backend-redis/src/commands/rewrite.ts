/**
 * The form in which a command enters the log: what would depend on the server, its clock or the inside of its data
 * structures is replaced, or refused, while only the words are known. What needs the state or log time is done by
 * `lua/commands.lua` at apply, from the forms made here:
 *
 *   deadlines    PX, PXAT, PEXPIRE and PEXPIREAT in milliseconds
 *   XADD, XTRIM  exact trimming only: how much `~` keeps depends on the inside of the stream
 *   FLUSHALL     one word for emptying the data
 */
import type { Access } from '@quorate/core/ports';
import { CommandMistake, integer, upper, word } from './words.ts';

export type Rewritten = { readonly words: readonly Uint8Array[]; readonly access: Access };

type Rewrite = (words: readonly Uint8Array[]) => Rewritten;

/** About 2200 years: log time plus this stays below the deadlines that mean "never" to the server, see lua/common.lua. */
const MAX_RELATIVE_MS = 2 ** 46;
const MAX_DEADLINE_MS = 2 ** 47 - 1;

/** By name in capitals. Commands that are not here stay as they are. */
export const REWRITES: ReadonlyMap<string, Rewrite> = new Map<string, Rewrite>([
  ['SET', (words) => write(withDeadlineOptions('set', words, 3))],
  ['SETEX', (words) => write(setWithTtl('setex', words, 1000))],
  ['PSETEX', (words) => write(setWithTtl('psetex', words, 1))],
  ['GETEX', rewriteGetEx],
  ['EXPIRE', (words) => write(expire('PEXPIRE', words, 1000, MAX_RELATIVE_MS))],
  ['PEXPIRE', (words) => write(expire('PEXPIRE', words, 1, MAX_RELATIVE_MS))],
  ['EXPIREAT', (words) => write(expire('PEXPIREAT', words, 1000, MAX_DEADLINE_MS))],
  ['PEXPIREAT', (words) => write(expire('PEXPIREAT', words, 1, MAX_DEADLINE_MS))],
  ['SPOP', rewriteSpop],
  ['XADD', (words) => write(exactTrim(words, 2, false))],
  ['XTRIM', (words) => write(exactTrim(words, 2, true))],
  ['FLUSHALL', rewriteFlush],
  ['FLUSHDB', rewriteFlush],
  ['COPY', rewriteCopy],
  ['SORT', (words) => storing(words, 2, 'STORE', 'SORT_RO')],
  ['GEORADIUS', (words) => storing(words, 6, 'STORE', 'GEORADIUS_RO', 'STOREDIST')],
  ['GEORADIUSBYMEMBER', (words) => storing(words, 5, 'STORE', 'GEORADIUSBYMEMBER_RO', 'STOREDIST')],
  ['BITFIELD', (words) => write(narrowIntegers(words))],
  ['BITFIELD_RO', (words) => read(narrowIntegers(words))],
  ['PFCOUNT', rewritePfCount],
  ['XREAD', rewriteXRead],
  ['OBJECT', (words) => subcommand(words, ['ENCODING', 'REFCOUNT'])],
  ['XINFO', (words) => subcommand(words, ['STREAM'])],
]);

function write(words: readonly Uint8Array[]): Rewritten {
  return { words, access: 'write' };
}

function read(words: readonly Uint8Array[]): Rewritten {
  return { words, access: 'read' };
}

/** `SET` and `GETEX`; without options the words stay the same list. EX and EXAT become PX and PXAT; a time that is not positive is refused as Redis does. */
function withDeadlineOptions(
  name: string,
  words: readonly Uint8Array[],
  from: number,
): readonly Uint8Array[] {
  if (words.length <= from) return words;
  const result = [...words];
  for (let index = from; index < words.length; index++) {
    const option = upper(words[index]);
    if (!['EX', 'PX', 'EXAT', 'PXAT'].includes(option)) {
      result[index] = option === '' ? (words[index] as Uint8Array) : word(option);
      continue;
    }
    if (index + 1 === words.length) throw new CommandMistake('syntax error');
    const isRelative = !option.endsWith('AT');
    const ms = positiveMs(name, words[index + 1], option.startsWith('P') ? 1 : 1000, isRelative);
    result[index] = word(isRelative ? 'PX' : 'PXAT');
    result[index + 1] = word(String(ms));
    index += 1;
  }
  return result;
}

function positiveMs(name: string, bytes: Uint8Array | undefined, unit: number, isRelative: boolean): number {
  const ms = integer(bytes) * unit;
  if (ms <= 0) throw new CommandMistake(`invalid expire time in '${name}' command`);
  checkRange(ms, isRelative ? MAX_RELATIVE_MS : MAX_DEADLINE_MS);
  return ms;
}

function checkRange(ms: number, most: number): void {
  if (Math.abs(ms) > most) throw new CommandMistake('a deadline may be at most 2200 years away');
}

function setWithTtl(name: string, words: readonly Uint8Array[], unit: number): Uint8Array[] {
  const [, key, ttl, value] = words as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
  return [word('SET'), key, value, word('PX'), word(String(positiveMs(name, ttl, unit, true)))];
}

function rewriteGetEx(words: readonly Uint8Array[]): Rewritten {
  if (words.length === 2) return read([word('GET'), words[1] as Uint8Array]);
  return write(withDeadlineOptions('getex', words, 2));
}

function expire(name: string, words: readonly Uint8Array[], unit: number, most: number): Uint8Array[] {
  const ms = integer(words[2]) * unit;
  checkRange(ms, most);
  const flags = words.slice(3).map((flag) => word(upper(flag)));
  return [word(name), words[1] as Uint8Array, word(String(ms)), ...flags];
}

function rewriteSpop(words: readonly Uint8Array[]): Rewritten {
  if (words.length > 3) throw new CommandMistake('syntax error');
  if (words.length === 3 && integer(words[2]) < 0)
    throw new CommandMistake('value is out of range, must be positive');
  return write(words);
}

/** Drops `~` and `LIMIT`, of XTRIM from the start and of XADD before the id. */
function exactTrim(words: readonly Uint8Array[], from: number, toTheEnd: boolean): Uint8Array[] {
  const result = words.slice(0, from);
  let index = from;
  for (; index < words.length; index++) {
    const option = upper(words[index]);
    if (option === 'MAXLEN' || option === 'MINID') {
      result.push(word(option));
      const sign = upper(words[index + 1]);
      if (sign === '~' || sign === '=') index += 1;
      const threshold = words[index + 1];
      if (threshold === undefined) throw new CommandMistake('syntax error');
      result.push(threshold);
      index += 1;
    } else if (option === 'LIMIT') index += 1;
    else if (option === 'NOMKSTREAM') result.push(word(option));
    else break;
  }
  if (toTheEnd && index < words.length) throw new CommandMistake('syntax error');
  if (!toTheEnd && words.length - index < 3)
    throw new CommandMistake("wrong number of arguments for 'xadd' command");
  return [...result, ...words.slice(index)];
}

function rewriteFlush(words: readonly Uint8Array[]): Rewritten {
  const option = upper(words[1]);
  if (words.length > 2 || (words.length === 2 && option !== 'ASYNC' && option !== 'SYNC'))
    throw new CommandMistake('syntax error');
  return write([word('FLUSHALL')]);
}

function rewriteCopy(words: readonly Uint8Array[]): Rewritten {
  for (const option of words.slice(3)) {
    if (upper(option) === 'DB')
      throw new CommandMistake(
        'COPY into another database: the data of a cluster is database 0; leave DB out',
      );
  }
  return write(words);
}

function storing(
  words: readonly Uint8Array[],
  from: number,
  option: string,
  reader: string,
  otherOption = option,
): Rewritten {
  const stores = words.slice(from).some((each) => [option, otherOption].includes(upper(each)));
  return stores ? write(words) : read([word(reader), ...words.slice(1)]);
}

/** Replies pass through Lua, whose numbers are exact up to 53 bits. */
function narrowIntegers(words: readonly Uint8Array[]): readonly Uint8Array[] {
  for (const each of words.slice(2)) {
    const [, bits] = /^[IU](\d{1,3})$/.exec(upper(each)) ?? [];
    if (bits !== undefined && Number(bits) > 53)
      throw new CommandMistake(`${upper(each)}: integers of more than 53 bits would lose digits`);
  }
  return words;
}

/** With one key Redis stores what it counted into the value; with two it does not, and the union of a set with itself is the set. */
function rewritePfCount(words: readonly Uint8Array[]): Rewritten {
  return read(words.length === 2 ? [...words, words[1] as Uint8Array] : words);
}

function rewriteXRead(words: readonly Uint8Array[]): Rewritten {
  for (let index = 1; index < words.length; index += 2) {
    const option = upper(words[index]);
    if (option === 'STREAMS') break;
    if (option === 'BLOCK')
      throw new CommandMistake('XREAD with BLOCK would wait; leave BLOCK out and ask again');
  }
  return read(words);
}

function subcommand(words: readonly Uint8Array[], allowed: readonly string[]): Rewritten {
  const [container, name] = [upper(words[0]), upper(words[1])];
  if (!allowed.includes(name))
    throw new CommandMistake(
      `${container} ${name}: only ${container} ${allowed.join(' and ')} can be asked here`,
    );
  return read([words[0] as Uint8Array, word(name), ...words.slice(2)]);
}
