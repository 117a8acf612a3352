/**
 * How the REPL, and `quorate exec`, speak with one kind of backend: where a command ends, how its result looks, what Tab
 * completes. Chosen by the backend's name; nothing here is needed for a command to be executed.
 */
export type ReplFace = {
  /** What Tab completes at the start of a word, besides the REPL's own words. */
  readonly words: readonly string[];
  /** Lines for `help`. */
  readonly help: string;
  /** Is the text a whole command, or does it go on in the next line? */
  isComplete(text: string): boolean;
  /** For a person; the last line without its end. Never moves the cursor. */
  forTerminal(value: Uint8Array | null): string;
  /** For a program. */
  forPipe(value: Uint8Array | null): string | Uint8Array;
};
