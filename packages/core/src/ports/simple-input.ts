/**
 * A command in the forms that are convenient for the `parse` of a simple backend.
 */
import { type CommandInput, decodeArguments, decodeUtf8, QuorateError } from '@quorate/wire';
import { splitWords } from './words.ts';

/** What `parse` gets: the same command in the forms in which it may be convenient. */
export type SimpleInput = {
  /** What the person typed; undefined when the command came as a list of arguments. */
  readonly text: string | undefined;
  /** The arguments, or the words of the text with quotes and escapes resolved. */
  readonly args: readonly Uint8Array[];
  /** The same as text. */
  readonly words: readonly string[];
};

/** Total: what cannot be taken apart gives an error for people. */
export function readSimpleInput(
  input: CommandInput,
): { readonly ok: true; readonly input: SimpleInput } | { readonly ok: false; readonly error: string } {
  if (input.form === 'text') {
    const split = splitWords(input.text);
    if (!split.ok) return { ok: false, error: `${split.error} (at character ${split.position + 1})` };
    return { ok: true, input: { text: input.text, args: split.words, words: split.words.map(decodeUtf8) } };
  }
  try {
    const args = decodeArguments(input.bytes);
    return { ok: true, input: { text: undefined, args, words: args.map(decodeUtf8) } };
  } catch (error) {
    if (!(error instanceof QuorateError)) throw error;
    return { ok: false, error: error.message };
  }
}
