/**
 * A line of text into commands and words. Commands are separated by `;` or the end of a line, outside of quotes and
 * with white space (or an end) after it; words are those of `splitWords` in @quorate/core/ports.
 */
import { splitWords } from '@quorate/core/ports';
import { CommandMistake } from './words.ts';

/** Empty commands are left out. @throws CommandMistake */
export function splitCommands(text: string): (readonly Uint8Array[])[] {
  const commands: (readonly Uint8Array[])[] = [];
  for (const { start, end } of pieces(text)) {
    const split = splitWords(text.slice(start, end));
    if (!split.ok) throw new CommandMistake(`${split.error}, at character ${start + split.position + 1}`);
    if (split.words.length > 0) commands.push(split.words);
  }
  return commands;
}

/** A quote counts only where a word begins, and `;` only where one could end. */
function pieces(text: string): { readonly start: number; readonly end: number }[] {
  const found: { start: number; end: number }[] = [];
  let start = 0;
  let wordBegins = true;
  for (let index = 0; index < text.length; index++) {
    const character = text.charAt(index);
    if (wordBegins && (character === '"' || character === "'")) index = endOfQuoted(text, index);
    const isEnd =
      character === '\n' || (character === ';' && /^(?:\s|$)/.test(text.slice(index + 1, index + 2)));
    if (isEnd) {
      found.push({ start, end: index });
      start = index + 1;
    }
    wordBegins = isEnd || /\s/.test(character);
  }
  found.push({ start, end: text.length });
  return found;
}

/** Position of the closing quote, or of the last character. */
function endOfQuoted(text: string, start: number): number {
  const quote = text.charAt(start);
  for (let index = start + 1; index < text.length; index++) {
    const character = text.charAt(index);
    if (character === quote) return index;
    if (character === '\\' && quote === '"') index += 1;
  }
  return text.length - 1;
}
